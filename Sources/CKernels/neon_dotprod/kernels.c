// The table of neon_dotprod: neon with a dot product of bytes.
#if defined(__aarch64__)
#include "../scalar/scalar.h"
#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define LANES 4
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"
#pragma clang attribute pop

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
int mk_neon_dotprod_runs(void) { return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0; }
#else
int mk_neon_dotprod_runs(void) { return 1; }  // every Apple processor that runs macOS
#endif

const mk_kernels mk_neon_dotprod_kernels = {
    .name = "neon_dotprod",
#include "../vector/table.h"
};
#endif
