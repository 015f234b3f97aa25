// Integer convolutions of the codec: what the operations mean.
#include "magnitude.h"
#include "scalar.h"
#include <math.h>

void mk_scalar_quantize_q16(int16_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++, x += xstride) {
        float inverse;
        scales[t] = row_step(x, channels, MK_Q16_LEVELS, &inverse);
        for (size_t c = 0; c < channels; c++) *q++ = isnan(scales[t]) ? 0 : (int16_t)rintf(x[c] * inverse);
        if (channels % 2) *q++ = 0;
    }
}

void mk_scalar_snake_q16(int16_t *q, float *scales, const float *x, const float *alpha, const float *inverse_beta,
                         float *scratch, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++, q += (channels + 1) / 2 * 2) {
        mk_scalar_snake(scratch, x + t * channels, alpha, inverse_beta, 1, channels);
        mk_scalar_quantize_q16(q, scales + t, scratch, channels, 1, channels);
    }
}

void mk_scalar_snake_q8(uint8_t *q, float *scales, float *lows, const float *x, const float *alpha,
                        const float *inverse_beta, float *scratch, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++) {
        mk_scalar_snake(scratch, x + t * channels, alpha, inverse_beta, 1, channels);
        float low = scratch[0], high = scratch[0];
        uint32_t largest = 0;
        for (size_t c = 0; c < channels; c++) {
            low = scratch[c] < low ? scratch[c] : low;
            high = scratch[c] > high ? scratch[c] : high;
            largest = magnitude(scratch[c]) > largest ? magnitude(scratch[c]) : largest;
        }
        int finite = largest < INFINITE && high - low < INFINITY;
        float inverse = finite && high - low > MK_SILENCE ? 255 / (high - low) : 0;
        scales[t] = finite ? (high - low) / 255 : NAN;
        lows[t] = low;
        for (size_t c = 0; c < channels; c++) *q++ = finite ? (uint8_t)rintf((scratch[c] - low) * inverse) : 0;
        for (size_t c = channels; c % 4; c++) *q++ = 0;
    }
}

void mk_scalar_sum_groups(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                          size_t count, size_t first, size_t last, int accumulate, size_t inputs, size_t group,
                          mk_scalar_group_sum *exact) {
    for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
        size_t place = o / MK_PANEL * c->taps, lane = o % MK_PANEL;
        for (size_t t = 0; t < count; t++) {
            float sum = 0, *out = y + t * ystride + o;
            for (size_t k = 0; k < c->taps; k++) {
                size_t row = t * c->step + k * c->dilation;
                const uint8_t *q = (const uint8_t *)x->values + row * x->words * 4;
                for (size_t start = 0; start < inputs; start += group) {
                    size_t end = inputs - start < group ? inputs : start + group;
                    float part = (float)exact(c, q, place + k, lane, start, end);
                    sum = fmaf(part * c->scales[(place + k) * MK_PANEL + lane], x->scales[row], sum);
                }
            }
            sum += c->bias[o];
            *out = accumulate ? *out + sum : sum;
        }
    }
}

/// The first of a tap's weights for pairs of channels that an output has.
static size_t pairs(const mk_integer_convolution *c, size_t tap, size_t lane) {
    return 2 * (tap * c->words * MK_PANEL + lane);
}

static int32_t q16(const mk_integer_convolution *c, const void *q, size_t tap, size_t lane, size_t start, size_t end) {
    const int16_t *w = (const int16_t *)c->weights + pairs(c, tap, lane);
    int32_t exact = 0;
    for (size_t i = start; i < end; i++) exact += w[i / 2 * 2 * MK_PANEL + i % 2] * ((const int16_t *)q)[i];
    return exact;
}

static int32_t q8_q16(const mk_integer_convolution *c, const void *q, size_t tap, size_t lane, size_t start,
                      size_t end) {
    const int8_t *w = (const int8_t *)c->weights + pairs(c, tap, lane);
    int32_t exact = 0;
    for (size_t i = start; i < end; i++) exact += w[i / 2 * 2 * MK_PANEL + i % 2] * ((const int16_t *)q)[i];
    return exact;
}

void mk_scalar_conv_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    mk_scalar_sum_groups(y, ystride, x, c, count, first, last, accumulate, 2 * c->words, MK_Q16_GROUP, q16);
}

void mk_scalar_conv_q8_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate) {
    mk_scalar_sum_groups(y, ystride, x, c, count, first, last, accumulate, 2 * c->words, MK_Q16_GROUP, q8_q16);
}

void mk_scalar_conv_q8(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                       size_t count, size_t first, size_t last, int accumulate) {
    size_t inputs = 4 * c->words;
    for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
        size_t place = o / MK_PANEL * c->taps, lane = o % MK_PANEL;
        for (size_t t = 0; t < count; t++) {
            float sum = 0, *out = y + t * ystride + o;
            for (size_t k = 0; k < c->taps; k++) {
                size_t row = t * c->step + k * c->dilation, at = (place + k) * MK_PANEL + lane;
                const uint8_t *q = (const uint8_t *)x->values + row * x->words * 4;
                const int8_t *w = (const int8_t *)c->weights + (place + k) * inputs * MK_PANEL + 4 * lane;
                int32_t exact = 0;
                for (size_t i = 0; i < inputs; i++) exact += w[i / 4 * 4 * MK_PANEL + i % 4] * q[i];
                sum = fmaf((float)exact * c->scales[at], x->scales[row], sum);
                sum = fmaf(c->sums[at] * c->scales[at], x->lows[row], sum);
            }
            sum += c->bias[o];
            *out = accumulate ? *out + sum : sum;
        }
    }
}
