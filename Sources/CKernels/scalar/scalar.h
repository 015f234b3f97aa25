// The definitions of every operation; contracts are in kernels.h.
#ifndef MAKIMA_SCALAR_H
#define MAKIMA_SCALAR_H

#include "../include/kernels.h"

void mk_scalar_linear_f32(float *y, size_t ystride, const float *w, const float *bias, const float *x, size_t xstride,
                          size_t n, size_t cols, size_t first, size_t last);
void mk_scalar_linear_bf16(float *y, size_t ystride, const uint16_t *w, const float *bias, const float *x,
                           size_t xstride, size_t n, size_t cols, size_t first, size_t last);
void mk_scalar_linear_q8(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                         const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last);
void mk_scalar_linear_q4(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                         const int8_t *q, const int32_t *offsets, const float *xscale, size_t n, size_t cols,
                         size_t first, size_t last);
void mk_scalar_quantize_q8(int8_t *q, float *scale, const float *x, size_t cols);
void mk_scalar_quantize_q8_split(int8_t *q, int32_t *offsets, float *scale, const float *x, size_t cols);
void mk_scalar_rms_norm(float *y, const float *x, const float *weight, size_t n, float eps);
void mk_scalar_layer_norm(float *y, const float *x, const float *weight, const float *bias, size_t n, float eps);
void mk_scalar_rope(float *x, const float *cos, const float *sin, size_t heads, size_t dim);
void mk_scalar_silu_mul(float *y, const float *gate, const float *up, size_t n);
void mk_scalar_add(float *y, const float *x, const float *scale, size_t n);
void mk_scalar_attention(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                         size_t count, size_t kstride, float scale, float *scores);
void mk_scalar_attention_f16(float *out, const float *q, const uint16_t *k, const uint16_t *v, size_t group, size_t dim,
                             size_t count, size_t kstride, float scale, float *scores);
void mk_scalar_round_f16(uint16_t *y, const float *x, size_t n);
void mk_scalar_silu(float *y, const float *x, size_t n);
void mk_scalar_gelu(float *y, const float *x, size_t n);
void mk_scalar_gelu_tanh(float *y, const float *x, size_t n);
void mk_scalar_mish(float *y, const float *x, size_t n);
void mk_scalar_leaky_relu(float *y, const float *x, float slope, size_t n);
void mk_scalar_softmax(float *y, const float *x, float scale, size_t n);
void mk_scalar_conv_f32(float *y, size_t ystride, const float *x, size_t xstride, const float *w, const float *bias,
                        size_t count, size_t step, size_t inputs, size_t outputs, size_t taps, size_t dilation,
                        size_t first, size_t last, int accumulate);
void mk_scalar_conv_winograd(float *y, size_t ystride, const float *x, size_t xstride,
                             const mk_winograd_convolution *c, float *scratch, size_t from, size_t to, size_t first,
                             size_t last);
/// The exact sum of an output's products over channels [start, end) of a row; `tap` counts those of all panels.
typedef int32_t mk_scalar_group_sum(const mk_integer_convolution *c, const void *row, size_t tap, size_t lane,
                                    size_t start, size_t end);
/// A convolution whose sums are exact over groups of channels and in float between them.
void mk_scalar_sum_groups(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                          size_t count, size_t first, size_t last, int accumulate, size_t inputs, size_t group,
                          mk_scalar_group_sum *exact);
void mk_scalar_conv_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate);
void mk_scalar_conv_q8_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate);
void mk_scalar_conv_q8(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                       size_t count, size_t first, size_t last, int accumulate);
void mk_scalar_conv_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate);
void mk_scalar_conv_q8_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate);
void mk_scalar_quantize_s16(int8_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels);
void mk_scalar_quantize_q16(int16_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels);
void mk_scalar_snake_q16(int16_t *q, float *scales, const float *x, const float *alpha, const float *inverse_beta,
                         float *scratch, size_t count, size_t channels);
void mk_scalar_snake_q8(uint8_t *q, float *scales, float *lows, const float *x, const float *alpha,
                        const float *inverse_beta, float *scratch, size_t count, size_t channels);
void mk_scalar_conv_depthwise(float *y, const float *x, const float *w, const float *bias, size_t count,
                              size_t channels, size_t taps);
void mk_scalar_snake(float *y, const float *x, const float *alpha, const float *inverse_beta, size_t count,
                     size_t channels);
void mk_scalar_elu(float *y, const float *x, size_t n);

#endif
