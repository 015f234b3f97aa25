// Convolutions and activations of the codec: what the operations mean.
#include "scalar.h"
#include <math.h>

void mk_scalar_conv_f32(float *y, size_t ystride, const float *x, size_t xstride, const float *w, const float *bias,
                        size_t count, size_t step, size_t inputs, size_t outputs, size_t taps, size_t dilation,
                        size_t first, size_t last, int accumulate) {
    for (size_t panel = first; panel < last; panel++) {
        size_t width = outputs - panel * MK_PANEL < MK_PANEL ? outputs - panel * MK_PANEL : MK_PANEL;
        for (size_t t = 0; t < count; t++) {
            float *out = y + t * ystride + panel * MK_PANEL, sum[MK_PANEL];
            for (size_t o = 0; o < width; o++) sum[o] = (accumulate ? out[o] : 0) + bias[panel * MK_PANEL + o];
            const float *weight = w + panel * taps * inputs * MK_PANEL;
            for (size_t k = 0; k < taps; k++)
                for (size_t c = 0; c < inputs; c++, weight += MK_PANEL) {
                    float value = x[(t * step + k * dilation) * xstride + c];
                    for (size_t o = 0; o < width; o++) sum[o] = fmaf(weight[o], value, sum[o]);
                }
            for (size_t o = 0; o < width; o++) out[o] = sum[o];
        }
    }
}

void mk_scalar_conv_depthwise(float *y, const float *x, const float *w, const float *bias, size_t count,
                              size_t channels, size_t taps) {
    for (size_t t = 0; t < count; t++)
        for (size_t c = 0; c < channels; c++) {
            float sum = bias[c];
            for (size_t k = 0; k < taps; k++) sum += w[k * channels + c] * x[(t + k) * channels + c];
            y[t * channels + c] = sum;
        }
}

void mk_scalar_snake(float *y, const float *x, const float *alpha, const float *inverse_beta, size_t count,
                     size_t channels) {
    for (size_t t = 0; t < count; t++)
        for (size_t c = 0; c < channels; c++) {
            float value = x[t * channels + c], wave = sinf(value * alpha[c]);
            y[t * channels + c] = value + wave * wave * inverse_beta[c];
        }
}

void mk_scalar_elu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : expm1f(x[i]);
}
