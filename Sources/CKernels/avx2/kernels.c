// The table of avx2: vectors of 8 floats.
#if defined(__x86_64__)
#include "../scalar/scalar.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"
#pragma clang attribute pop

int mk_avx2_runs(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

const mk_kernels mk_avx2_kernels = {
    .name = "avx2",
#include "../vector/table.h"
};
#endif
