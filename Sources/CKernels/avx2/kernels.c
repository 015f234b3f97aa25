// The table of avx2: vectors of 8 floats.
#if defined(__x86_64__)
#include "../scalar/scalar.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#include "../vector/lanes.h"
#include "../vector/convolution.h"
#include "../vector/linear.h"
#include "../vector/quantize.h"
#include "../vector/transformer.h"
#include "integer.h"
#pragma clang attribute pop

const mk_kernels mk_avx2_kernels = {
    .linear_f32 = linear_f32,
    .linear_bf16 = linear_bf16,
    .linear_q8 = linear_q8,
    .linear_q4 = linear_q4,
    .quantize_q8 = quantize_q8,
    .quantize_q8_split = quantize_q8_split,
    .rms_norm = rms_norm,
    .layer_norm = mk_scalar_layer_norm,
    .rope = mk_scalar_rope,
    .silu_mul = silu_mul,
    .add = mk_scalar_add,
    .attention = attention,
    .silu = silu,
    .gelu = mk_scalar_gelu,
    .conv_f32 = conv_f32,
    .conv_depthwise = mk_scalar_conv_depthwise,
    .snake = snake,
    .elu = mk_scalar_elu,
};
#endif
