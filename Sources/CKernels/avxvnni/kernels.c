// The table of avxvnni: avx2 with a dot product of bytes.
#if defined(__x86_64__)
#include "../scalar/scalar.h"
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#define LANES 8
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"
#pragma clang attribute pop

int mk_avxvnni_runs(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
           __builtin_cpu_supports("avxvnni");
}

const mk_kernels mk_avxvnni_kernels = {
    .name = "avxvnni",
#include "../vector/table.h"
};
#endif
