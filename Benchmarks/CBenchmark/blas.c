// OpenBLAS on the shapes of a prefill and of a frame, for comparison.
#include "cbenchmark.h"
#include "parallel.h"
#include <cblas.h>

enum { ROWS = 3072, COLUMNS = 1024, BATCH = 64, COPIES = 16 };

static double best_of(int gemm, int threads) {
    openblas_set_num_threads(threads);
    size_t matrix = (size_t)ROWS * COLUMNS;
    float *w = mb_reserve(matrix * COPIES * sizeof(float)), *x = mb_reserve(BATCH * ROWS * sizeof(float));
    float *y = mb_reserve(BATCH * ROWS * sizeof(float));
    for (size_t i = 0; i < matrix * COPIES; i++) w[i] = (float)(i % 7) * 0.1f;
    for (size_t i = 0; i < (size_t)BATCH * ROWS; i++) x[i] = (float)(i % 5) * 0.1f;
    double best = 1e30;
    for (int pass = 0; pass < 5; pass++) {
        double start = mb_now();
        for (size_t copy = 0; copy < COPIES; copy++) {
            if (gemm)
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, BATCH, ROWS, COLUMNS, 1, x, COLUMNS, w + copy * matrix,
                            COLUMNS, 0, y, ROWS);
            else
                cblas_sgemv(CblasRowMajor, CblasNoTrans, ROWS, COLUMNS, 1, w + copy * matrix, COLUMNS, x, 1, 0, y, 1);
        }
        double seconds = (mb_now() - start) / COPIES;
        if (seconds < best) best = seconds;
    }
    mb_release(w), mb_release(x), mb_release(y);
    return best;
}

double mb_blas_gflops(int threads) { return 2.0 * BATCH * ROWS * COLUMNS / best_of(1, threads) / 1e9; }
const char *mb_blas_core(void) { return openblas_get_corename(); }
double mb_blas_bandwidth(int threads) { return 4.0 * ROWS * COLUMNS / best_of(0, threads) / 1e9; }
