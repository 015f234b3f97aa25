// Which table this processor can run.
#include "kernels.h"
#include "scalar/scalar.h"

static const mk_kernels scalar = {
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
    .conv_q16 = mk_scalar_conv_q16,
    .conv_q8_q16 = mk_scalar_conv_q8_q16,
    .conv_q8 = mk_scalar_conv_q8,
    .quantize_q16 = mk_scalar_quantize_q16,
    .snake_q16 = mk_scalar_snake_q16,
    .snake_q8 = mk_scalar_snake_q8,
    .conv_depthwise = mk_scalar_conv_depthwise,
    .snake = mk_scalar_snake,
    .elu = mk_scalar_elu,
};

#if defined(__x86_64__)
extern const mk_kernels mk_avx2_kernels, mk_avxvnni_kernels, mk_avx512vnni_kernels;

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avxvnni(void) { return has_avx2() && __builtin_cpu_supports("avxvnni"); }

static int has_avx512vnni(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
#elif defined(__aarch64__)
extern const mk_kernels mk_neon_kernels, mk_neon_dotprod_kernels, mk_neon_i8mm_kernels;

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
static int has_dotprod(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
static int has_i8mm(void) { return has_dotprod() && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0; }
#else
static int has_dotprod(void) { return 1; }  // every Apple processor that runs macOS
static int has_i8mm(void) { return 0; }     // the first of them lack it
#endif
#endif

const mk_kernels *mk_kernels_for(mk_isa isa) {
    switch (isa) {
    case MK_SCALAR: return &scalar;
#if defined(__x86_64__)
    case MK_AVX2: return has_avx2() ? &mk_avx2_kernels : NULL;
    case MK_AVXVNNI: return has_avxvnni() ? &mk_avxvnni_kernels : NULL;
    case MK_AVX512VNNI: return has_avx512vnni() ? &mk_avx512vnni_kernels : NULL;
#elif defined(__aarch64__)
    case MK_NEON: return &mk_neon_kernels;
    case MK_NEON_DOTPROD: return has_dotprod() ? &mk_neon_dotprod_kernels : NULL;
    case MK_NEON_I8MM: return has_i8mm() ? &mk_neon_i8mm_kernels : NULL;
#endif
    default: return NULL;
    }
}

mk_isa mk_best_isa(void) {
    mk_isa best = MK_SCALAR;
    for (int isa = MK_SCALAR; isa < MK_ISA_COUNT; isa++)
        if (mk_kernels_for((mk_isa)isa)) best = (mk_isa)isa;
    return best;
}

const char *mk_isa_name(mk_isa isa) {
    static const char *const names[MK_ISA_COUNT] = {"scalar", "avx2", "avxvnni",     "avx512vnni",
                                                    "neon",   "neon_dotprod", "neon_i8mm"};
    return isa >= 0 && isa < MK_ISA_COUNT ? names[isa] : "unknown";
}
