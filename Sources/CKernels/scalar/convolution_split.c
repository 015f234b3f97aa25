// Integer convolutions of 16 bits by products of bytes: what the operations mean.
#include "magnitude.h"
#include "scalar.h"
#include <math.h>

void mk_scalar_quantize_s16(int8_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    size_t plane = (channels + 3) / 4 * 4;
    for (size_t t = 0; t < count; t++, x += xstride, q += 2 * plane) {
        float inverse;
        scales[t] = row_step(x, channels, MK_S16_LEVELS, &inverse);
        for (size_t c = 0; c < plane; c++) {
            int32_t value = isnan(scales[t]) || c >= channels ? 0 : (int32_t)rintf(x[c] * inverse);
            q[c] = (int8_t)((value + 128) >> 8);
            q[plane + c] = (int8_t)value;
        }
    }
}

/// Σ w·q in steps of 256, to the nearest. Weights are `planes` bytes, high ones first.
static int32_t halves(const mk_integer_convolution *c, const int8_t *q, size_t tap, size_t lane, size_t start,
                      size_t end, size_t planes) {
    size_t inputs = 4 * c->words;
    const int8_t *w = (const int8_t *)c->weights + tap * inputs * planes * MK_PANEL + 4 * lane;
    int32_t sum = 0, low = 128;
    for (size_t i = start; i < end; i++) {
        const int8_t *high = w + i / 4 * planes * 4 * MK_PANEL + i % 4;
        sum += 256 * *high * q[i] + *high * q[inputs + i];
        if (planes < 2) continue;
        sum += high[4 * MK_PANEL] * q[i];
        low += high[4 * MK_PANEL] * q[inputs + i];
    }
    return sum + (low >> 8);
}

static int32_t s16(const mk_integer_convolution *c, const void *q, size_t tap, size_t lane, size_t start, size_t end) {
    return halves(c, q, tap, lane, start, end, 2);
}

static int32_t q8_s16(const mk_integer_convolution *c, const void *q, size_t tap, size_t lane, size_t start,
                      size_t end) {
    return halves(c, q, tap, lane, start, end, 1);
}

void mk_scalar_conv_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    mk_scalar_sum_groups(y, ystride, x, c, count, first, last, accumulate, 4 * c->words, MK_S16_GROUP, s16);
}

void mk_scalar_conv_q8_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate) {
    mk_scalar_sum_groups(y, ystride, x, c, count, first, last, accumulate, 4 * c->words, MK_S16_GROUP, q8_s16);
}
