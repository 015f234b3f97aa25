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

const mk_kernels mk_neon_dotprod_kernels = {
#include "../vector/table.h"
};
#endif
