// Integer convolutions and what feeds them: the bits of the definition.
#include "check.h"
#include <stdlib.h>

typedef void (*convolution)(float *, size_t, const mk_integer_rows *, const mk_integer_convolution *, size_t, size_t,
                            size_t, int);
static const char *const names[] = {"conv_q16", "conv_q8_q16", "conv_q8"};

static convolution operation(const mk_kernels *kernels, int kind) {
    convolution all[] = {kernels->conv_q16, kernels->conv_q8_q16, kernels->conv_q8};
    return all[kind];
}

static void check_integers(size_t inputs, size_t outputs, size_t taps, size_t dilation, size_t step, int kind,
                           const mk_kernels *isa, const mk_kernels *definition) {
    size_t count = 29, panels = (outputs + MK_PANEL - 1) / MK_PANEL, each = kind == 2 ? 4 : 2;
    size_t words = (inputs + each - 1) / each, rows = (count - 1) * step + (taps - 1) * dilation + 1;
    size_t vectors = panels * taps * MK_PANEL;
    float *source = noise_floats(outputs * inputs * taps, 1), *bias = noise_floats(panels * MK_PANEL, 1);
    float *wscale = guarded(vectors, sizeof(float)), *sums = guarded(vectors, sizeof(float));
    float *scratch = guarded(taps * inputs * MK_PANEL, sizeof(float));
    void *weights = guarded(vectors * words * (kind == 1 ? 2 : 4), 1);
    mk_convolution_source layout = {source, 0, inputs, outputs, taps, outputs, taps, 0, 0, (ptrdiff_t)(inputs * taps), 1, (ptrdiff_t)taps};
    int packed = kind == 0 ? mk_pack_q16(weights, wscale, scratch, &layout, 0, panels)
                           : mk_pack_q8(weights, wscale, sums, scratch, &layout, each, 0, panels);
    if (!packed) abort();
    float *scales = noise_floats(rows, 1), *lows = noise_floats(rows, 1);
    int8_t *values = noise_bytes(rows * words * 4);
    if (kind < 2)
        for (size_t i = 1; i < rows * words * 4; i += 2) values[i] >>= 2;  // within MK_Q16_LEVELS
    mk_integer_rows x = {values, words, scales, lows};
    mk_integer_convolution c = {weights, wscale, sums, bias, words, outputs, taps, dilation, step};
    float *got = guarded(count * outputs, sizeof(float)), *wanted = guarded(count * outputs, sizeof(float));
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        for (size_t panel = 0; panel < panels; panel++)
            operation(isa, kind)(got, outputs, &x, &c, count, panel, panel + 1, accumulate);
        operation(definition, kind)(wanted, outputs, &x, &c, count, 0, panels, accumulate);
        expect_same(got, wanted, count * outputs * sizeof(float));
    }
    check_guards(source), check_guards(bias), check_guards(wscale), check_guards(sums), check_guards(weights);
    check_guards(scratch), check_guards(scales), check_guards(lows), check_guards(values), check_guards(got);
    check_guards(wanted);
}

static void check_quantizer(size_t channels, const mk_kernels *isa, const mk_kernels *definition) {
    size_t rows = 4, width = (channels + 1) / 2 * 2;
    float *x = noise_floats(rows * channels, 30);
    x[channels] = __builtin_nanf("");
    float *scales = guarded(rows, sizeof(float)), *wanted_scales = guarded(rows, sizeof(float));
    int16_t *got = guarded(rows * width, 2), *wanted = guarded(rows * width, 2);
    isa->quantize_q16(got, scales, x, channels, rows, channels);
    definition->quantize_q16(wanted, wanted_scales, x, channels, rows, channels);
    expect_same(got, wanted, rows * width * 2);
    for (size_t row = 0; row < rows; row++)
        if (row != 1) expect_same(scales + row, wanted_scales + row, sizeof(float));
    check_guards(x), check_guards(scales), check_guards(wanted_scales), check_guards(got), check_guards(wanted);
}

void check_integer_convolution(const mk_kernels *isa, const mk_kernels *definition) {
    for (int kind = 0; kind < 3; kind++) {
        check_begin(NULL, names[kind]);
        check_integers(3, 1, 7, 1, 1, kind, isa, definition);
        check_integers(19, 75, 3, 9, 1, kind, isa, definition);
        check_integers(200, 48, 2, 1, 2, kind, isa, definition);
    }
    check_begin(NULL, "quantize_q16");
    for (size_t channels = 1; channels <= 45; channels += 11) check_quantizer(channels, isa, definition);
}
