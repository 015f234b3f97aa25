// Linear layers and their quantizers: as the definition says, whatever the batch and the range of rows.
#include "check.h"
#include <math.h>
#include <string.h>

enum { ROWS = 21, BATCH = 9 };

typedef void (*float_layer)(float *y, size_t ystride, const void *w, const float *x, size_t n, size_t cols,
                            size_t first, size_t last, const float *bias, const mk_kernels *k);

static void f32(float *y, size_t ystride, const void *w, const float *x, size_t n, size_t cols, size_t first,
                size_t last, const float *bias, const mk_kernels *k) {
    k->linear_f32(y, ystride, w, bias, x, cols, n, cols, first, last);
}

static void bf16(float *y, size_t ystride, const void *w, const float *x, size_t n, size_t cols, size_t first,
                 size_t last, const float *bias, const mk_kernels *k) {
    k->linear_bf16(y, ystride, w, bias, x, cols, n, cols, first, last);
}

/// Against the definition, then each vector alone and in two ranges against the batch.
static void check_float(float_layer layer, const void *w, size_t cols, const mk_kernels *isa, const mk_kernels *definition) {
    float *x = noise_floats(BATCH * cols, 1), *bias = noise_floats(ROWS, 1);
    float *got = guarded(BATCH * ROWS, sizeof(float)), *wanted = guarded(BATCH * ROWS, sizeof(float));
    layer(got, ROWS, w, x, BATCH, cols, 0, ROWS, bias, isa);
    layer(wanted, ROWS, w, x, BATCH, cols, 0, ROWS, bias, definition);
    expect_close(got, wanted, BATCH * ROWS, 5e-5f);
    for (size_t j = 0; j < BATCH; j++) {
        float *single = guarded(ROWS, sizeof(float));
        layer(single, ROWS, w, x + j * cols, 1, cols, 0, j, bias, isa);
        layer(single, ROWS, w, x + j * cols, 1, cols, j, ROWS, bias, isa);
        expect_same(single, got + j * ROWS, ROWS * sizeof(float));
        check_guards(single);
    }
    check_guards(x), check_guards(bias), check_guards(got), check_guards(wanted);
}

static void check_q8(size_t cols, const mk_kernels *isa, const mk_kernels *definition) {
    int8_t *w = noise_bytes(ROWS * cols), *q = noise_bytes(BATCH * cols);
    for (size_t i = 0; i < BATCH * cols; i++) q[i] = q[i] == -128 ? 127 : q[i];
    // The extremes of both sides, where a saturating sum would show.
    for (size_t i = 0; i < cols; i++) w[i] = -128, q[i] = i % 16 < 8 ? -127 : 127;
    float *wscale = noise_floats(ROWS, 1), *xscale = noise_floats(BATCH, 1), *bias = noise_floats(ROWS, 1);
    float *got = guarded(BATCH * ROWS, sizeof(float)), *wanted = guarded(BATCH * ROWS, sizeof(float));
    isa->linear_q8(got, ROWS, w, wscale, bias, q, xscale, BATCH, cols, 0, 6);
    isa->linear_q8(got, ROWS, w, wscale, bias, q, xscale, BATCH, cols, 6, ROWS);
    definition->linear_q8(wanted, ROWS, w, wscale, bias, q, xscale, BATCH, cols, 0, ROWS);
    expect_same(got, wanted, BATCH * ROWS * sizeof(float));
    check_guards(w), check_guards(q), check_guards(wscale), check_guards(xscale), check_guards(bias);
    check_guards(got), check_guards(wanted);
}

static void check_q4(size_t cols, const mk_kernels *isa, const mk_kernels *definition) {
    size_t groups = cols / MK_Q4_GROUP;
    uint8_t *w = (uint8_t *)noise_bytes(ROWS * cols / 2);
    uint16_t *wscale = guarded(ROWS * groups, sizeof(uint16_t));
    for (size_t i = 0; i < ROWS * groups; i++) wscale[i] = (uint16_t)(0x3C00 + noise() % 256);
    float *x = noise_floats(BATCH * cols, 1), *xscale = guarded(BATCH, sizeof(float));
    int8_t *q = guarded(BATCH * cols, 1);
    int32_t *offsets = guarded(BATCH * cols / 8, sizeof(int32_t));
    for (size_t j = 0; j < BATCH; j++)
        isa->quantize_q8_split(q + j * cols, offsets + j * cols / 8, xscale + j, x + j * cols, cols);
    float *got = guarded(BATCH * ROWS, sizeof(float)), *wanted = guarded(BATCH * ROWS, sizeof(float));
    isa->linear_q4(got, ROWS, w, wscale, NULL, q, offsets, xscale, BATCH, cols, 0, ROWS);
    definition->linear_q4(wanted, ROWS, w, wscale, NULL, q, offsets, xscale, BATCH, cols, 0, ROWS);
    expect_close(got, wanted, BATCH * ROWS, 2e-5f);
    for (size_t j = 0; j < BATCH; j++) {
        float *single = guarded(ROWS, sizeof(float));
        isa->linear_q4(single, ROWS, w, wscale, NULL, q + j * cols, offsets + j * cols / 8, xscale + j, 1, cols, 0, j);
        isa->linear_q4(single, ROWS, w, wscale, NULL, q + j * cols, offsets + j * cols / 8, xscale + j, 1, cols, j, ROWS);
        expect_same(single, got + j * ROWS, ROWS * sizeof(float));
        check_guards(single);
    }
    check_guards(w), check_guards(wscale), check_guards(x), check_guards(xscale), check_guards(q), check_guards(offsets);
    check_guards(got), check_guards(wanted);
}

/// One value of the noise is `odd`, unless that is 0.
static void check_quantize(size_t cols, float odd, const mk_kernels *isa, const mk_kernels *definition) {
    float *x = noise_floats(cols, 3), scales[2];
    if (odd != 0) x[noise() % cols] = odd;
    int8_t *q[2] = {guarded(cols, 1), guarded(cols, 1)};
    isa->quantize_q8(q[0], &scales[0], x, cols);
    definition->quantize_q8(q[1], &scales[1], x, cols);
    expect_same(q[0], q[1], cols);
    expect_same(&scales[0], &scales[1], sizeof(float));
    const float wanted = isfinite(odd) ? scales[0] : NAN;
    expect_same(&scales[0], &wanted, sizeof(float));
    if (cols % MK_Q4_GROUP == 0) {
        int32_t *offsets[2] = {guarded(cols / 8, 4), guarded(cols / 8, 4)};
        isa->quantize_q8_split(q[0], offsets[0], &scales[0], x, cols);
        definition->quantize_q8_split(q[1], offsets[1], &scales[1], x, cols);
        expect_same(q[0], q[1], cols);
        expect_same(offsets[0], offsets[1], cols / 2);
        expect_same(&scales[0], &wanted, sizeof(float));
        expect_same(&scales[1], &wanted, sizeof(float));
        check_guards(offsets[0]), check_guards(offsets[1]);
    }
    check_guards(q[0]), check_guards(q[1]), check_guards(x);
}

static void check_quantizers(size_t cols, const mk_kernels *isa, const mk_kernels *definition) {
    const float odd[] = {0, NAN, -NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) check_quantize(cols, odd[i], isa, definition);
}

void check_linear(const mk_kernels *isa, const mk_kernels *definition) {
    const size_t any[] = {1, 7, 16, 33, 64, 160, 515}, groups[] = {32, 64, 96, 160, 544, 1536};
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        size_t cols = any[i];
        check_begin(NULL, "linear_f32");
        float *w = noise_floats(ROWS * cols, 1);
        check_float(f32, w, cols, isa, definition);
        check_begin(NULL, "linear_bf16");
        uint16_t *halves = guarded(ROWS * cols, sizeof(uint16_t));
        for (size_t e = 0; e < ROWS * cols; e++) {
            uint32_t bits;
            memcpy(&bits, w + e, sizeof bits);
            halves[e] = (uint16_t)(bits >> 16);
        }
        check_float(bf16, halves, cols, isa, definition);
        check_guards(w), check_guards(halves);
        check_begin(NULL, "linear_q8");
        check_q8(cols, isa, definition);
        check_begin(NULL, "quantize");
        check_quantizers(cols, isa, definition);
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        check_begin(NULL, "linear_q4");
        check_q4(groups[i], isa, definition);
        check_begin(NULL, "quantize_split");
        check_quantizers(groups[i], isa, definition);
    }
}
