// Linear layers over float and bfloat16 weights. Rows are read one after the other, as they lie: one stream is what the
// processor fetches ahead best (docs/kernels.md). A result has four vectors of partial sums over the columns in a fixed
// order, whatever tile it is computed in, so n, first and last cannot change its bits.

/// Vectors that pass over a row together.
#define LINEAR_BATCH (LANES == 8 ? 2 : 4)
#define LINEAR_SUMS 4

INLINE void store_rows(float *y, vec4 value, size_t rows) {
    if (rows == 4) *(vec4_unaligned *)y = value;
    else y[0] = value[0];
}

INLINE vec4 load_rows(const float *p, size_t rows) {
    return rows == 4 ? *(const vec4_unaligned *)p : (vec4){p[0], 0, 0, 0};
}

#define LINEAR(name, element, read, read_part)                                                                      \
    INLINE void name##_row(vec *result, const element *w, const float *x, size_t xstride, size_t cols, size_t n) {   \
        vec sum[LINEAR_BATCH][LINEAR_SUMS];                                                                          \
        UNROLL for (size_t j = 0; j < n; j++) UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) sum[j][s] = fill(0);   \
        size_t i = 0;                                                                                                \
        for (; i + LINEAR_SUMS * LANES <= cols; i += LINEAR_SUMS * LANES)                                            \
            UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) {                                                        \
                if (s * LANES * sizeof(element) % FETCH == 0) fetch_ahead(w + i + s * LANES);                        \
                vec weight = read(w + i + s * LANES);                                                                \
                UNROLL for (size_t j = 0; j < n; j++)                                                                \
                    sum[j][s] = fma_(weight, load(x + j * xstride + i + s * LANES), sum[j][s]);                      \
            }                                                                                                        \
        for (; i < cols; i += LANES) {                                                                               \
            vec weight = read_part(w + i, cols - i);                                                                 \
            UNROLL for (size_t j = 0; j < n; j++)                                                                    \
                sum[j][0] = fma_(weight, load_part(x + j * xstride + i, cols - i), sum[j][0]);                       \
        }                                                                                                            \
        UNROLL for (size_t j = 0; j < n; j++)                                                                        \
            result[4 * j] = (sum[j][0] + sum[j][1]) + (sum[j][2] + sum[j][3]);                                       \
    }                                                                                                                \
    INLINE void name##_tile(float *y, size_t ystride, const element *w, const float *bias, const float *x,           \
                            size_t xstride, size_t cols, size_t rows, size_t n) {                                    \
        vec sum[LINEAR_BATCH * 4];                                                                                   \
        for (size_t r = 0; r < rows; r++) name##_row(sum + r, w + r * cols, x, xstride, cols, n);                    \
        vec4 start = bias ? load_rows(bias, rows) : (vec4){0};                                                       \
        UNROLL for (size_t j = 0; j < n; j++)                                                                        \
            store_rows(y + j * ystride, (rows == 4 ? totals(sum + 4 * j) : first_total(sum[4 * j])) + start, rows);  \
    }                                                                                                                \
    INLINE void name##_rows(float *y, size_t ystride, const element *w, const float *bias, const float *x,           \
                            size_t xstride, size_t n, size_t cols, size_t rows) {                                    \
        size_t j = 0;                                                                                                \
        for (; j + LINEAR_BATCH <= n; j += LINEAR_BATCH)                                                             \
            name##_tile(y + j * ystride, ystride, w, bias, x + j * xstride, xstride, cols, rows, LINEAR_BATCH);      \
        for (; LINEAR_BATCH > 2 && j + 2 <= n; j += 2)                                                               \
            name##_tile(y + j * ystride, ystride, w, bias, x + j * xstride, xstride, cols, rows, 2);                 \
        for (; j < n; j++)                                                                                           \
            name##_tile(y + j * ystride, ystride, w, bias, x + j * xstride, xstride, cols, rows, 1);                 \
    }                                                                                                                \
    static void name(float *y, size_t ystride, const element *w, const float *bias, const float *x, size_t xstride,  \
                     size_t n, size_t cols, size_t first, size_t last) {                                             \
        size_t r = first;                                                                                            \
        for (; r + 4 <= last; r += 4)                                                                                \
            name##_rows(y + r, ystride, w + r * cols, bias ? bias + r : NULL, x, xstride, n, cols, 4);               \
        for (; r < last; r++)                                                                                        \
            name##_rows(y + r, ystride, w + r * cols, bias ? bias + r : NULL, x, xstride, n, cols, 1);               \
    }

LINEAR(linear_f32, float, load, load_part)
LINEAR(linear_bf16, uint16_t, load_bf16, load_bf16_part)
