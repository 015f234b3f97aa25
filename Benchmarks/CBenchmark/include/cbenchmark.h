// Yardsticks measured beside the engine, in the same run and on the same threads: what this machine can read and multiply,
// and what a bare loop over the model's matrices reaches. Also timed loops around single kernels.
#ifndef MAKIMA_BENCHMARK_H
#define MAKIMA_BENCHMARK_H

#include "kernels.h"
#include <stddef.h>
#include <stdint.h>

/// Best of several passes over `bytes` of fresh memory, GB/s.
double mb_read_bandwidth(size_t bytes, int threads);
/// The same over memory somebody else holds, a mapped file.
double mb_read_bandwidth_of(const void *memory, size_t bytes, int threads);
/// Fused multiply-adds of float32 in registers, GFLOP/s.
double mb_fma_peak(int threads);

/// OpenBLAS: sgemm of 64 vectors with a 3072 x 1024 matrix, GFLOP/s; sgemv, GB/s of weights.
double mb_blas_gflops(int threads);
double mb_blas_bandwidth(int threads);
/// The processor whose kernels OpenBLAS chose; OPENBLAS_CORETYPE names another.
const char *mb_blas_core(void);

typedef enum { MB_BF16, MB_INT8, MB_INT4 } mb_format;
typedef struct {
    size_t hidden, query, key_value, intermediate, layers, vocabulary;
} mb_stack;
typedef struct {
    double talker_ms, predictor_ms;
} mb_frame;
/// All weight matrices of one frame (talker and head, `passes` runs of the code predictor each with a head) as products with
/// rows in lanes and a spinning fork-join, nothing else. The first run of the predictor takes two vectors.
/// Where this processor lacks the instructions the weights are only read, which no engine can beat.
typedef struct mb_bare mb_bare;
mb_bare *mb_bare_open(mb_format format, mb_stack talker, mb_stack predictor, size_t passes, int threads);
/// Times one frame, after one to warm up. Between calls no thread of the loop runs.
mb_frame mb_bare_frame(mb_bare *bare);
void mb_bare_close(mb_bare *bare);

/// One kernel of one instruction set. `mb_case_count()` cases.
typedef struct {
    const char *name;  // "linear_q8 1x3072x1024"
    double seconds;    // of one call on all threads, best
    double bytes;      // weights and other memory larger than the cache it reads, 0 when it works from the cache
    double flops;      // floating point or integer operations, a multiply-add is two
} mb_timing;
size_t mb_case_count(void);
/// `threads` share the rows, or work on as many copies where the operation is not split.
mb_timing mb_run_case(size_t index, const mk_kernels *kernels, int threads);

#endif
