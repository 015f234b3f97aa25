// The table of avx512vnni: vectors of 16 floats.
#if defined(__x86_64__)
#include "../scalar/scalar.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), apply_to = function)
#define LANES 16
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"
#pragma clang attribute pop

int mk_avx512vnni_runs(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

const mk_kernels mk_avx512vnni_kernels = {
    .name = "avx512vnni",
#include "../vector/table.h"
};
#endif
