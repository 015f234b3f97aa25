// Linear layers: what the operations mean. Sums run over the columns in order, in float for float weights.
#include "magnitude.h"
#include "scalar.h"
#include <math.h>

static float widen(uint16_t bits) {
    union { uint32_t u; float f; } value = {(uint32_t)bits << 16};
    return value.f;
}

/// Element i of weights that are float or, with `size` 2, bfloat16.
static inline float weight(const void *w, size_t i, size_t size) {
    return size == 2 ? widen(((const uint16_t *)w)[i]) : ((const float *)w)[i];
}

static inline void linear(float *y, size_t ystride, const void *w, size_t size, const float *bias, const float *x,
                          size_t xstride, size_t n, size_t cols, size_t first, size_t last) {
    for (size_t j = 0; j < n; j++, x += xstride, y += ystride)
        for (size_t r = first; r < last; r++) {
            // Four partial sums: shorter error growth than one, independent of n, and a vector to the compiler.
            float sum[4] = {0, 0, 0, 0};
            size_t i = 0;
            for (; i + 4 <= cols; i += 4)
                for (size_t k = 0; k < 4; k++) sum[k] += weight(w, r * cols + i + k, size) * x[i + k];
            for (; i < cols; i++) sum[i % 4] += weight(w, r * cols + i, size) * x[i];
            y[r] = (sum[0] + sum[1]) + (sum[2] + sum[3]) + (bias ? bias[r] : 0);
        }
}

void mk_scalar_linear_f32(float *y, size_t ystride, const float *w, const float *bias, const float *x, size_t xstride,
                          size_t n, size_t cols, size_t first, size_t last) {
    linear(y, ystride, w, sizeof *w, bias, x, xstride, n, cols, first, last);
}

void mk_scalar_linear_bf16(float *y, size_t ystride, const uint16_t *w, const float *bias, const float *x,
                           size_t xstride, size_t n, size_t cols, size_t first, size_t last) {
    linear(y, ystride, w, sizeof *w, bias, x, xstride, n, cols, first, last);
}

void mk_scalar_linear_q8(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                         const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last) {
    for (size_t j = 0; j < n; j++)
        for (size_t r = first; r < last; r++) {
            int32_t sum = 0;
            for (size_t i = 0; i < cols; i++) sum += (int32_t)w[r * cols + i] * q[j * cols + i];
            y[j * ystride + r] = (float)sum * (wscale[r] * xscale[j]) + (bias ? bias[r] : 0);
        }
}

void mk_scalar_linear_q4(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                         const int8_t *q, const int32_t *offsets, const float *xscale, size_t n, size_t cols,
                         size_t first, size_t last) {
    size_t groups = cols / MK_Q4_GROUP, half = cols / 2, eighths = cols / 8;
    for (size_t j = 0; j < n; j++)
        for (size_t r = first; r < last; r++) {
            float total = 0;
            for (size_t g = 0; g < groups; g++) {
                int32_t sum = 0;
                for (size_t i = 0; i < MK_Q4_GROUP / 8; i++) sum += offsets[j * eighths + g * (MK_Q4_GROUP / 8) + i];
                for (size_t i = g * MK_Q4_GROUP / 2; i < (g + 1) * MK_Q4_GROUP / 2; i++) {
                    uint8_t pair = w[r * half + i];
                    sum += (pair & 15) * q[j * cols + i] + (pair >> 4) * q[j * cols + half + i];
                }
                total += widen(wscale[r * groups + g]) * (float)sum;
            }
            y[j * ystride + r] = xscale[j] * total + (bias ? bias[r] : 0);
        }
}

/// The scale of a row, and the factor that makes integers of it; 0 where all of them are zero.
static float inverse_scale(float *scale, const float *x, size_t cols) {
    float most = 0;
    uint32_t largest = 0;
    for (size_t i = 0; i < cols; i++)
        if (magnitude(x[i]) > largest) {
            largest = magnitude(x[i]);
            most = fabsf(x[i]);
        }
    *scale = largest < INFINITE ? most / 127 : NAN;
    return largest < INFINITE && most > 0 && isfinite(127 / most) ? 127 / most : 0;
}

static int8_t to_byte(float x, float inverse) { return inverse > 0 ? (int8_t)rintf(x * inverse) : 0; }

void mk_scalar_quantize_q8(int8_t *q, float *scale, const float *x, size_t cols) {
    float inverse = inverse_scale(scale, x, cols);
    for (size_t i = 0; i < cols; i++) q[i] = to_byte(x[i], inverse);
}

void mk_scalar_quantize_q8_split(int8_t *q, int32_t *offsets, float *scale, const float *x, size_t cols) {
    float inverse = inverse_scale(scale, x, cols);
    for (size_t i = 0; i < cols / 8; i++) offsets[i] = 0;
    for (size_t i = 0; i < cols; i++) {
        int8_t value = to_byte(x[i], inverse);
        q[i % 2 * (cols / 2) + i / 2] = value;
        offsets[i / 8] -= 8 * value;
    }
}
