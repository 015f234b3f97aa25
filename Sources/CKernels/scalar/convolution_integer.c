// Integer convolutions of the codec: what the operations mean.
#include "magnitude.h"
#include "scalar.h"
#include <math.h>

void mk_scalar_quantize_q16(int16_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++, x += xstride) {
        float most = 0;
        uint32_t largest = 0;
        for (size_t c = 0; c < channels; c++)
            if (magnitude(x[c]) > largest) {
                largest = magnitude(x[c]);
                most = fabsf(x[c]);
            }
        int finite = largest < INFINITE;
        float inverse = finite && most > MK_SILENCE ? MK_Q16_LEVELS / most : 0;
        scales[t] = finite ? most / MK_Q16_LEVELS : NAN;
        for (size_t c = 0; c < channels; c++) *q++ = finite ? (int16_t)rintf(x[c] * inverse) : 0;
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

/// The convolution of 16-bit activations with weights of 16 bits or 8.
static void pairs(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                  size_t first, size_t last, int accumulate, int bytes) {
    size_t inputs = 2 * c->words;
    for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
        size_t place = o / MK_PANEL * c->taps, lane = o % MK_PANEL;
        for (size_t t = 0; t < count; t++) {
            float sum = 0, *out = y + t * ystride + o;
            for (size_t k = 0; k < c->taps; k++) {
                size_t row = t * c->step + k * c->dilation, w = (place + k) * inputs * MK_PANEL + 2 * lane;
                const int16_t *q = (const int16_t *)x->values + row * x->words * 2;
                for (size_t start = 0; start < inputs; start += MK_Q16_GROUP) {
                    int32_t exact = 0;
                    for (size_t i = start; i < inputs && i < start + MK_Q16_GROUP; i++) {
                        size_t at = w + i / 2 * 2 * MK_PANEL + i % 2;
                        exact += (bytes ? ((const int8_t *)c->weights)[at] : ((const int16_t *)c->weights)[at]) * q[i];
                    }
                    sum = fmaf((float)exact * c->scales[(place + k) * MK_PANEL + lane], x->scales[row], sum);
                }
            }
            sum += c->bias[o];
            *out = accumulate ? *out + sum : sum;
        }
    }
}

void mk_scalar_conv_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    pairs(y, ystride, x, c, count, first, last, accumulate, 0);
}

void mk_scalar_conv_q8_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate) {
    pairs(y, ystride, x, c, count, first, last, accumulate, 1);
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
