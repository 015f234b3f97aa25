// The table of neon_i8mm: neon_dotprod with a product of two by two rows of bytes.
#if defined(__aarch64__)
#include "../scalar/scalar.h"
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#define LANES 4
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"
#pragma clang attribute pop

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
int mk_neon_i8mm_runs(void) {
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0 && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
}
#else
int mk_neon_i8mm_runs(void) { return 0; }  // the first Apple processors lack it
#endif

const mk_kernels mk_neon_i8mm_kernels = {
    .name = "neon_i8mm",
#include "../vector/table.h"
};
#endif
