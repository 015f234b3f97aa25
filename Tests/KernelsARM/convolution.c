// Convolutions: exact, since the definition fixes the order of every fused multiply-add.
#include "check.h"

static void check_dense(size_t inputs, size_t outputs, size_t taps, size_t dilation, size_t step, const mk_kernels *isa,
                        const mk_kernels *definition) {
    size_t count = 29, panels = (outputs + MK_PANEL - 1) / MK_PANEL;
    float *x = noise_floats(((count - 1) * step + (taps - 1) * dilation + 1) * inputs, 1);
    float *w = noise_floats(panels * taps * inputs * MK_PANEL, 1), *bias = noise_floats(outputs, 1);
    float *got = guarded(count * outputs, sizeof(float)), *wanted = guarded(count * outputs, sizeof(float));
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        for (size_t panel = 0; panel < panels; panel++)
            isa->conv_f32(got, outputs, x, inputs, w, bias, count, step, inputs, outputs, taps, dilation, panel,
                          panel + 1, accumulate);
        definition->conv_f32(wanted, outputs, x, inputs, w, bias, count, step, inputs, outputs, taps, dilation, 0,
                             panels, accumulate);
        expect_same(got, wanted, count * outputs * sizeof(float));
    }
    check_guards(x), check_guards(w), check_guards(bias), check_guards(got), check_guards(wanted);
}

/// Tiles and panels one call each, against the definition in one call, whose values are those of conv_f32 but for rounding.
static void check_winograd(size_t inputs, size_t outputs, size_t dilation, size_t period, const mk_kernels *isa,
                           const mk_kernels *definition) {
    size_t count = 2 * period, panels = (outputs + MK_PANEL - 1) / MK_PANEL, taps = MK_WINOGRAD_TAPS;
    size_t length = MK_WINOGRAD_OUTPUTS * dilation, tiles = 2 * dilation * ((period + length - 1) / length);
    float *x = noise_floats((count + (taps - 1) * dilation) * inputs, 1), *bias = noise_floats(panels * MK_PANEL, 1);
    float *source = noise_floats(outputs * inputs * taps, 1), *unpacked = guarded(taps * inputs * MK_PANEL, sizeof(float));
    float *w = guarded(panels * MK_WINOGRAD_POINTS * inputs * MK_PANEL, sizeof(float));
    float *plain = guarded(panels * taps * inputs * MK_PANEL, sizeof(float));
    size_t together = tiles < MK_WINOGRAD_TILES ? tiles : MK_WINOGRAD_TILES;
    float *scratch = guarded(together * MK_WINOGRAD_POINTS * (inputs + MK_PANEL), sizeof(float));
    mk_convolution_source layout = {source, 0, inputs, outputs, taps, outputs, taps, 0, 0, (ptrdiff_t)(inputs * taps), 1, (ptrdiff_t)taps};
    mk_pack_winograd(w, unpacked, &layout, 0, panels);
    mk_pack_f32(plain, &layout, 0, panels);
    mk_winograd_convolution c = {w, bias, inputs, outputs, dilation, period};
    float *got = guarded(count * outputs, sizeof(float)), *wanted = guarded(count * outputs, sizeof(float));
    definition->conv_f32(got, outputs, x, inputs, plain, bias, count, 1, inputs, outputs, taps, dilation, 0, panels, 0);
    definition->conv_winograd(wanted, outputs, x, inputs, &c, scratch, 0, tiles, 0, panels);
    expect_close(wanted, got, count * outputs, 2e-3f);
    for (size_t panel = 0; panel < panels; panel++) {
        isa->conv_winograd(got, outputs, x, inputs, &c, scratch, 1, tiles, panel, panel + 1);
        isa->conv_winograd(got, outputs, x, inputs, &c, scratch, 0, 1, panel, panel + 1);
    }
    expect_same(got, wanted, count * outputs * sizeof(float));
    check_guards(x), check_guards(bias), check_guards(source), check_guards(unpacked), check_guards(w);
    check_guards(plain), check_guards(scratch), check_guards(got), check_guards(wanted);
}

static void check_snake(size_t channels, const mk_kernels *isa, const mk_kernels *definition) {
    float *x = noise_floats(3 * channels, 120), *alpha = noise_floats(channels, 1), *beta = noise_floats(channels, 1);
    float *got = guarded(3 * channels, sizeof(float)), *wanted = guarded(3 * channels, sizeof(float));
    isa->snake(got, x, alpha, beta, 3, channels);
    definition->snake(wanted, x, alpha, beta, 3, channels);
    expect_close(got, wanted, 3 * channels, 2e-5f);
    check_guards(x), check_guards(alpha), check_guards(beta), check_guards(got), check_guards(wanted);
}

void check_convolution(const mk_kernels *isa, const mk_kernels *definition) {
    check_begin(NULL, "conv_f32");
    check_dense(3, 1, 7, 1, 1, isa, definition);
    check_dense(19, 75, 3, 9, 1, isa, definition);
    check_dense(32, 48, 2, 1, 2, isa, definition);
    check_begin(NULL, "conv_winograd");
    check_winograd(3, 1, 1, 6, isa, definition);
    check_winograd(19, 75, 3, 20, isa, definition);
    check_winograd(32, 48, 9, 160, isa, definition);
    check_begin(NULL, "snake");
    for (size_t channels = 1; channels <= 45; channels += 11) check_snake(channels, isa, definition);
}
