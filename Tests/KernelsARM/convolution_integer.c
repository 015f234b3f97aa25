// Integer convolutions and what feeds them: the bits of the definition.
#include "check.h"
#include <stdlib.h>

typedef void (*convolution)(float *, size_t, const mk_integer_rows *, const mk_integer_convolution *, size_t, size_t,
                            size_t, int);
enum { Q16, Q8_Q16, Q8, S16, Q8_S16, KINDS };
static const char *const names[] = {"conv_q16", "conv_q8_q16", "conv_q8", "conv_s16", "conv_q8_s16"};

static convolution operation(const mk_kernels *kernels, int kind) {
    convolution all[] = {kernels->conv_q16, kernels->conv_q8_q16, kernels->conv_q8, kernels->conv_s16,
                         kernels->conv_q8_s16};
    return all[kind];
}

/// Any bytes will do, but 16-bit values keep to their limits: of two bytes the high one is never -128. Rows of `width` words.
static int8_t *activations(size_t rows, size_t width, int kind) {
    int8_t *values = noise_bytes(rows * width * 4);
    for (size_t i = 0; i < rows * width * 4; i++) {
        if (kind < Q8 && i % 2) values[i] >>= 2;
        if (kind >= S16 && i % (width * 4) < width * 2 && values[i] == -128) values[i] = 127;
    }
    return values;
}

static void check_integers(size_t inputs, size_t outputs, size_t taps, size_t dilation, size_t step, int kind,
                           const mk_kernels *isa, const mk_kernels *definition) {
    size_t count = 29, panels = (outputs + MK_PANEL - 1) / MK_PANEL, each = kind < Q8 ? 2 : 4;
    size_t words = (inputs + each - 1) / each, width = kind >= S16 ? 2 * words : words, rows = (count - 1) * step + (taps - 1) * dilation + 1;
    size_t vectors = panels * taps * MK_PANEL;
    float *source = noise_floats(outputs * inputs * taps, 1), *bias = noise_floats(panels * MK_PANEL, 1);
    float *wscale = guarded(vectors, sizeof(float)), *sums = guarded(vectors, sizeof(float));
    float *scratch = guarded(taps * inputs * MK_PANEL, sizeof(float));
    void *weights = guarded(vectors * words * (kind == Q8_Q16 ? 2 : kind == S16 ? 8 : 4), 1);
    mk_convolution_source layout = {source, 0, inputs, outputs, taps, outputs, taps, 0, 0, (ptrdiff_t)(inputs * taps), 1, (ptrdiff_t)taps};
    int packed = kind == Q16   ? mk_pack_q16(weights, wscale, scratch, &layout, 0, panels)
                 : kind == S16 ? mk_pack_s16(weights, wscale, scratch, &layout, 0, panels)
                               : mk_pack_q8(weights, wscale, sums, scratch, &layout, each, 0, panels);
    if (!packed) abort();
    float *scales = noise_floats(rows, 1), *lows = noise_floats(rows, 1);
    int8_t *values = activations(rows, width, kind);
    mk_integer_rows x = {values, width, scales, lows};
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

/// The largest products two bytes can have, of one sign: nothing overflows on the way to the sum.
static void check_extremes(const mk_kernels *isa, const mk_kernels *definition) {
    enum { INPUTS = MK_S16_GROUP, WORDS = INPUTS / 4 };
    int8_t *weights = guarded(INPUTS * 2 * MK_PANEL, 1), *values = guarded(2 * INPUTS, 1);
    for (size_t sign = 0; sign < 2; sign++) {
        for (size_t i = 0; i < INPUTS * 2 * MK_PANEL; i++)
            weights[i] = i / (4 * MK_PANEL) % 2 ? -128 : sign ? -127 : 127;
        for (size_t i = 0; i < 2 * INPUTS; i++) values[i] = i < INPUTS ? -127 : -128;
        float scale = 1, ones[MK_PANEL], bias[MK_PANEL] = {0}, got[MK_PANEL], wanted[MK_PANEL];
        for (size_t o = 0; o < MK_PANEL; o++) ones[o] = 1;
        mk_integer_rows x = {values, 2 * WORDS, &scale, NULL};
        mk_integer_convolution c = {weights, ones, NULL, bias, WORDS, MK_PANEL, 1, 1, 1};
        isa->conv_s16(got, MK_PANEL, &x, &c, 1, 0, 1, 0);
        definition->conv_s16(wanted, MK_PANEL, &x, &c, 1, 0, 1, 0);
        expect_same(got, wanted, sizeof got);
        float high = sign ? 127 * 127 : -127 * 127, low = sign ? 127 * 128 : -127 * 128;
        for (size_t o = 0; o < MK_PANEL; o++) ones[o] = INPUTS * (256 * high + low + 127 * 128 + 64);
        expect_close(got, ones, MK_PANEL, 256);
    }
    check_guards(weights), check_guards(values);
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
    check_guards(got), check_guards(wanted);
    width = (channels + 3) / 4 * 8;
    int8_t *split = guarded(rows * width, 1), *wanted_split = guarded(rows * width, 1);
    isa->quantize_s16(split, scales, x, channels, rows, channels);
    definition->quantize_s16(wanted_split, wanted_scales, x, channels, rows, channels);
    expect_same(split, wanted_split, rows * width);
    for (size_t row = 0; row < rows; row++)
        if (row != 1) expect_same(scales + row, wanted_scales + row, sizeof(float));
    check_guards(split), check_guards(wanted_split), check_guards(x), check_guards(scales), check_guards(wanted_scales);
}

void check_integer_convolution(const mk_kernels *isa, const mk_kernels *definition) {
    for (int kind = 0; kind < KINDS; kind++) {
        check_begin(NULL, names[kind]);
        check_integers(3, 1, 7, 1, 1, kind, isa, definition);
        check_integers(19, 75, 3, 9, 1, kind, isa, definition);
        check_integers(200, 48, 2, 1, 2, kind, isa, definition);
        check_integers(530, 33, 1, 1, 1, kind, isa, definition);
    }
    check_begin(NULL, "conv_s16 of extremes");
    check_extremes(isa, definition);
    check_begin(NULL, "quantize_q16, quantize_s16");
    for (size_t channels = 1; channels <= 45; channels += 11) check_quantizer(channels, isa, definition);
}
