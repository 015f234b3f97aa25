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

const mk_kernels mk_neon_i8mm_kernels = {
#include "../vector/table.h"
};
#endif
