// Norms, rotary embedding, activations, attention: what the operations mean.
#include "scalar.h"
#include <math.h>

/// e^x by operations that are the same on every processor, which those of C libraries are not to the last bit.
static float exponential(float x) {
    static const double coefficients[] = {1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
                                          1.0 / 5040,      1.0 / 720,      1.0 / 120,     1.0 / 24,     1.0 / 6,
                                          1.0 / 2,         1,              1};
    if (!(x < 89)) return x * INFINITY;
    if (x < -104) return 0;
    // 2^n · e^r with |r| up to log(2)/2, where what the series leaves out is below a double's last bit.
    double n = rint(x * 1.4426950408889634), r = x - n * 0.6931471805599453, sum = 0;
    for (size_t i = 0; i < sizeof coefficients / sizeof *coefficients; i++) sum = sum * r + coefficients[i];
    return (float)ldexp(sum, (int)n);
}

void mk_scalar_rms_norm(float *y, const float *x, const float *weight, size_t n, float eps) {
    double squares = 0;
    for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
    float factor = 1 / sqrtf((float)(squares / (double)n) + eps);
    for (size_t i = 0; i < n; i++) y[i] = weight[i] * (x[i] * factor);
}

void mk_scalar_layer_norm(float *y, const float *x, const float *weight, const float *bias, size_t n, float eps) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    float mean = (float)(sum / (double)n);
    for (size_t i = 0; i < n; i++) squares += (double)(x[i] - mean) * (x[i] - mean);
    float factor = 1 / sqrtf((float)(squares / (double)n) + eps);
    for (size_t i = 0; i < n; i++) y[i] = (x[i] - mean) * factor * weight[i] + bias[i];
}

void mk_scalar_rope(float *x, const float *cos, const float *sin, size_t heads, size_t dim) {
    size_t half = dim / 2;
    for (size_t h = 0; h < heads; h++, x += dim)
        for (size_t i = 0; i < half; i++) {
            float a = x[i], b = x[i + half];
            x[i] = a * cos[i] - b * sin[i];
            x[i + half] = b * cos[i] + a * sin[i];
        }
}

void mk_scalar_silu_mul(float *y, const float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = gate[i] / (1 + exponential(-gate[i])) * up[i];
}

void mk_scalar_add(float *y, const float *x, const float *scale, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] += scale ? scale[i] * x[i] : x[i];
}

typedef union {
    uint32_t bits;
    float value;
} word;

/// Half precision widened exactly: the exponent's bias is 112 less than a float's, which a product mends for subnormals
/// too, and the largest exponent stays the largest.
static float widen_f16(uint16_t half) {
    word magnitude = {(half & 0x7FFFu) << 13};
    magnitude.value *= 0x1p112f;
    if ((half & 0x7C00) == 0x7C00) magnitude.bits |= 0x7F800000;
    return (word){magnitude.bits | (half & 0x8000u) << 16}.value;
}

static uint16_t narrow_f16(float x) {
    uint32_t sign = (word){.value = x}.bits >> 16 & 0x8000;
    if (isnan(x)) return (uint16_t)(sign | 0x7E00 | ((word){.value = x}.bits >> 13 & 0x1FF));
    if (isinf(x)) return (uint16_t)(sign | 0x7C00);
    word magnitude = {.value = fminf(fabsf(x), 65504)};
    // Subnormals are multiples of 2^-24.
    if (magnitude.value < 0x1p-14f) return (uint16_t)(sign | (uint32_t)rintf(magnitude.value * 0x1p24f));
    uint32_t even = magnitude.bits >> 13 & 1;
    return (uint16_t)(sign | (((magnitude.bits + 0xFFF + even) >> 13) - (112 << 10)));
}

void mk_scalar_round_f16(uint16_t *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = narrow_f16(x[i]);
}

/// Element i of keys or values that are float or, with `size` 2, half precision.
static inline float element(const void *p, size_t i, size_t size) {
    return size == 2 ? widen_f16(((const uint16_t *)p)[i]) : ((const float *)p)[i];
}

static void attend(float *out, const float *q, const void *k, const void *v, size_t size, size_t dim, size_t count,
                   size_t kstride, float scale, float *scores) {
    float largest = -INFINITY, total = 0;
    for (size_t t = 0; t < count; t++) {
        float dot = 0;
        for (size_t i = 0; i < dim; i++) dot += q[i] * element(k, t * kstride + i, size);
        scores[t] = dot * scale;
        largest = fmaxf(largest, scores[t]);
    }
    for (size_t t = 0; t < count; t++) total += scores[t] = exponential(scores[t] - largest);
    for (size_t i = 0; i < dim; i++) out[i] = 0;
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < dim; i++) out[i] += scores[t] / total * element(v, t * kstride + i, size);
}

void mk_scalar_attention(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                         size_t count, size_t kstride, float scale, float *scores) {
    for (size_t g = 0; g < group; g++)
        attend(out + g * dim, q + g * dim, k, v, sizeof *k, dim, count, kstride, scale, scores + g * count);
}

void mk_scalar_attention_f16(float *out, const float *q, const uint16_t *k, const uint16_t *v, size_t group, size_t dim,
                             size_t count, size_t kstride, float scale, float *scores) {
    for (size_t g = 0; g < group; g++)
        attend(out + g * dim, q + g * dim, k, v, sizeof *k, dim, count, kstride, scale, scores + g * count);
}

void mk_scalar_silu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] / (1 + exponential(-x[i]));
}

void mk_scalar_gelu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = 0.5f * x[i] * (1 + erff(x[i] * 0.70710678f));
}

void mk_scalar_gelu_tanh(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        y[i] = 0.5f * x[i] * (1 + tanhf(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
}

void mk_scalar_mish(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * tanhf(x[i] > 0 ? x[i] + log1pf(exponential(-x[i])) : log1pf(exponential(x[i])));
}

void mk_scalar_leaky_relu(float *y, const float *x, float slope, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
}

void mk_scalar_softmax(float *y, const float *x, float scale, size_t n) {
    float largest = x[0], total = 0;
    for (size_t i = 1; i < n; i++) largest = fmaxf(largest, x[i]);
    for (size_t i = 0; i < n; i++) total += y[i] = exponential(scale * (x[i] - largest));
    for (size_t i = 0; i < n; i++) y[i] /= total;
}
