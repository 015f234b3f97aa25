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

/// Tiles and panels one call each, against the definition in one call, whose values are those of conv_f32 but for rounding, which
/// ten outputs of seven taps magnify most. `c` has the sizes.
static void check_winograd(mk_winograd_convolution c, int integers, const mk_kernels *isa, const mk_kernels *definition) {
    size_t count = 2 * c.period, panels = (c.outputs + MK_PANEL - 1) / MK_PANEL, points = c.tile + c.taps - 1;
    size_t length = c.tile * c.dilation, tiles = 2 * c.dilation * ((c.period + length - 1) / length);
    size_t together = tiles < MK_WINOGRAD_TILES ? tiles : MK_WINOGRAD_TILES, panel_size = c.inputs * MK_PANEL;
    float *x = noise_floats((count + (c.taps - 1) * c.dilation) * c.inputs, 1), *bias = noise_floats(panels * MK_PANEL, 1);
    float *source = noise_floats(c.outputs * c.inputs * c.taps, 1);
    float *unpacked = guarded((points + c.taps) * panel_size, sizeof(float));
    void *w = guarded(panels * points * panel_size, integers ? 2 : 4);
    float *scales = guarded(panels * points * MK_PANEL, sizeof(float));
    float *plain = guarded(panels * c.taps * panel_size, sizeof(float));
    float *scratch = guarded(together * points * (c.inputs + MK_PANEL), sizeof(float));
    mk_convolution_source layout = {source, 0, c.inputs, c.outputs, c.taps, c.outputs, c.taps,
                                    0, 0, (ptrdiff_t)(c.inputs * c.taps), 1, (ptrdiff_t)c.taps};
    c.weights = w, c.scales = integers ? scales : NULL, c.bias = bias;
    mk_pack_winograd(w, integers ? scales : NULL, unpacked, &layout, c.tile, 0, panels);
    mk_pack_f32(plain, &layout, 0, panels);
    float *got = guarded(count * c.outputs, sizeof(float)), *wanted = guarded(count * c.outputs, sizeof(float));
    definition->conv_f32(got, c.outputs, x, c.inputs, plain, bias, count, 1, c.inputs, c.outputs, c.taps, c.dilation, 0, panels, 0);
    definition->conv_winograd(wanted, c.outputs, x, c.inputs, &c, scratch, 0, tiles, 0, panels);
    expect_close(wanted, got, count * c.outputs, integers ? (points > 12 ? 1 : 6e-2f) : 2e-3f);
    for (size_t panel = 0; panel < panels; panel++) {
        isa->conv_winograd(got, c.outputs, x, c.inputs, &c, scratch, 1, tiles, panel, panel + 1);
        isa->conv_winograd(got, c.outputs, x, c.inputs, &c, scratch, 0, 1, panel, panel + 1);
    }
    expect_same(got, wanted, count * c.outputs * sizeof(float));
    check_guards(x), check_guards(bias), check_guards(source), check_guards(unpacked), check_guards(w), check_guards(scales);
    check_guards(plain), check_guards(scratch), check_guards(got), check_guards(wanted);
}

static void check_winograds(size_t taps, size_t tile, const mk_kernels *isa, const mk_kernels *definition) {
    // The last period is too short for a tile and in part for one row of every dilation.
    static const size_t sizes[][4] = {{3, 1, 1, 6}, {19, 75, 3, 20}, {32, 48, 9, 160}, {21, 33, 2, 23}, {18, 40, 9, 32}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t *size = sizes[i];
        mk_winograd_convolution c = {.inputs = size[0], .outputs = size[1], .dilation = size[2], .period = size[3]};
        c.taps = taps, c.tile = tile;
        check_winograd(c, 0, isa, definition);
        check_winograd(c, 1, isa, definition);
    }
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
    check_winograds(7, 10, isa, definition);
    check_winograds(7, 6, isa, definition);
    check_winograds(7, 4, isa, definition);
    check_winograds(2, 5, isa, definition);
    check_begin(NULL, "snake");
    for (size_t channels = 1; channels <= 45; channels += 11) check_snake(channels, isa, definition);
}
