// Integer convolutions of 16 bits by products of bytes: what the operations mean.
#include "magnitude.h"
#include "scalar.h"
#include <math.h>

void mk_scalar_quantize_s16(int8_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    size_t plane = (channels + 3) / 4 * 4;
    for (size_t t = 0; t < count; t++, x += xstride, q += 2 * plane) {
        float most = 0;
        uint32_t largest = 0;
        for (size_t c = 0; c < channels; c++)
            if (magnitude(x[c]) > largest) {
                largest = magnitude(x[c]);
                most = fabsf(x[c]);
            }
        int finite = largest < INFINITE;
        float inverse = finite && most > MK_SILENCE ? MK_S16_LEVELS / most : 0;
        scales[t] = finite ? most / MK_S16_LEVELS : NAN;
        for (size_t c = 0; c < plane; c++) {
            int32_t value = finite && c < channels ? (int32_t)rintf(x[c] * inverse) : 0;
            q[c] = (int8_t)((value + 128) >> 8);
            q[plane + c] = (int8_t)value;
        }
    }
}

/// Weights are `planes` bytes, high ones first.
static void halves(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                   size_t first, size_t last, int accumulate, size_t planes) {
    size_t inputs = 4 * c->words;
    for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
        size_t place = o / MK_PANEL * c->taps, lane = o % MK_PANEL;
        for (size_t t = 0; t < count; t++) {
            float sum = 0, *out = y + t * ystride + o;
            for (size_t k = 0; k < c->taps; k++) {
                size_t row = t * c->step + k * c->dilation;
                const int8_t *q = (const int8_t *)x->values + row * x->words * 4;
                const int8_t *w = (const int8_t *)c->weights + (place + k) * inputs * planes * MK_PANEL + 4 * lane;
                for (size_t start = 0; start < inputs; start += MK_S16_GROUP) {
                    int32_t exact = 0;
                    for (size_t i = start; i < inputs && i < start + MK_S16_GROUP; i++) {
                        const int8_t *high = w + i / 4 * planes * 4 * MK_PANEL + i % 4;
                        exact += 256 * *high * q[i] + *high * q[inputs + i];
                        if (planes == 2) exact += high[4 * MK_PANEL] * q[i];
                    }
                    sum = fmaf((float)exact * c->scales[(place + k) * MK_PANEL + lane], x->scales[row], sum);
                }
            }
            sum += c->bias[o];
            *out = accumulate ? *out + sum : sum;
        }
    }
}

void mk_scalar_conv_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    halves(y, ystride, x, c, count, first, last, accumulate, 2);
}

void mk_scalar_conv_q8_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate) {
    halves(y, ystride, x, c, count, first, last, accumulate, 1);
}
