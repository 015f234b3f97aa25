// The table of neon, which every aarch64 processor has: vectors of 4 floats.
#if defined(__aarch64__)
#include "../scalar/scalar.h"
#include <arm_neon.h>

#define LANES 4
#include "../vector/lanes.h"
#include "dot.h"
#include "../vector/operations.h"

int mk_neon_runs(void) { return 1; }

const mk_kernels mk_neon_kernels = {
    .name = "neon",
#include "../vector/table.h"
};
#endif
