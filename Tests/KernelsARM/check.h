// Comparing kernels with their definitions: buffers between guards, repeatable noise, one line per difference.
#ifndef MAKIMA_CHECK_H
#define MAKIMA_CHECK_H

#include "kernels.h"

/// The instruction set and the operation that is checked, for messages.
void check_begin(const char *isa, const char *operation);

/// Memory for `count` elements of `size` bytes, aligned to no more than the element, between guards.
void *guarded(size_t count, size_t size);
/// Whether the guards are as they were; reports it when not. Frees the memory.
void check_guards(void *memory);

float *noise_floats(size_t count, float scale);
int8_t *noise_bytes(size_t count);
uint32_t noise(void);

void expect_close(const float *got, const float *wanted, size_t count, float tolerance);
void expect_same(const void *got, const void *wanted, size_t bytes);

/// What this program checks, one function for each file of operations.
void check_linear(const mk_kernels *isa, const mk_kernels *definition);
void check_transformer(const mk_kernels *isa, const mk_kernels *definition);
void check_convolution(const mk_kernels *isa, const mk_kernels *definition);
void check_integer_convolution(const mk_kernels *isa, const mk_kernels *definition);

#endif
