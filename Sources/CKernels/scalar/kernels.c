// The table of the definitions, which every processor can run.
#include "scalar.h"

int mk_scalar_runs(void) { return 1; }

const mk_kernels mk_scalar_kernels = {
    .name = "scalar",
    .linear_f32 = mk_scalar_linear_f32,
    .linear_bf16 = mk_scalar_linear_bf16,
    .linear_q8 = mk_scalar_linear_q8,
    .linear_q4 = mk_scalar_linear_q4,
    .quantize_q8 = mk_scalar_quantize_q8,
    .quantize_q8_split = mk_scalar_quantize_q8_split,
    .rms_norm = mk_scalar_rms_norm,
    .layer_norm = mk_scalar_layer_norm,
    .rope = mk_scalar_rope,
    .silu_mul = mk_scalar_silu_mul,
    .add = mk_scalar_add,
    .attention = mk_scalar_attention,
    .attention_f16 = mk_scalar_attention_f16,
    .round_f16 = mk_scalar_round_f16,
    .silu = mk_scalar_silu,
    .gelu = mk_scalar_gelu,
    .conv_f32 = mk_scalar_conv_f32,
    .conv_winograd = mk_scalar_conv_winograd,
    .conv_q16 = mk_scalar_conv_q16,
    .conv_q8_q16 = mk_scalar_conv_q8_q16,
    .conv_q8 = mk_scalar_conv_q8,
    .conv_s16 = mk_scalar_conv_s16,
    .conv_q8_s16 = mk_scalar_conv_q8_s16,
    .quantize_s16 = mk_scalar_quantize_s16,
    .quantize_q16 = mk_scalar_quantize_q16,
    .snake_q16 = mk_scalar_snake_q16,
    .snake_q8 = mk_scalar_snake_q8,
    .conv_depthwise = mk_scalar_conv_depthwise,
    .snake = mk_scalar_snake,
    .elu = mk_scalar_elu,
};
