// The table of avx512vnni: vectors of 16 floats.
#if defined(__x86_64__)
#include "../scalar/scalar.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#define LANES 16
#include "../vector/lanes.h"
#include "../vector/convolution.h"
#include "../vector/linear.h"
#include "../vector/quantize.h"
#include "../vector/transformer.h"
#include "integer.h"
#pragma clang attribute pop

const mk_kernels mk_avx512vnni_kernels = {
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
