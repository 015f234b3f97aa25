// Linear layers over float and bfloat16 weights. Each result has one vector of partial sums over the columns in order,
// whatever tile it is computed in: n, first and last cannot change its bits.

#define LINEAR_VECTORS (LANES == 16 ? 4 : 2)

#define LINEAR(name, element, read, read_part)                                                                      \
    INLINE void name##_tile(float *y, size_t ystride, const element *w, const float *bias, const float *x,           \
                            size_t xstride, size_t cols, size_t rows, size_t n) {                                    \
        vec sum[8][4];                                                                                               \
        _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++)                                         \
            _Pragma("clang loop unroll(full)") for (size_t j = 0; j < n; j++) sum[r][j] = fill(0);                   \
        size_t i = 0;                                                                                                \
        for (; i + LANES <= cols; i += LANES) {                                                                      \
            vec input[4];                                                                                            \
            _Pragma("clang loop unroll(full)") for (size_t j = 0; j < n; j++) input[j] = load(x + j * xstride + i);  \
            _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++) {                                   \
                vec weight = read(w + r * cols + i);                                                                 \
                _Pragma("clang loop unroll(full)") for (size_t j = 0; j < n; j++)                                    \
                    sum[r][j] = fma_(weight, input[j], sum[r][j]);                                                   \
            }                                                                                                        \
        }                                                                                                            \
        if (i < cols)                                                                                                \
            _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++) {                                   \
                vec weight = read_part(w + r * cols + i, cols - i);                                                  \
                _Pragma("clang loop unroll(full)") for (size_t j = 0; j < n; j++)                                    \
                    sum[r][j] = fma_(weight, load_part(x + j * xstride + i, cols - i), sum[r][j]);                   \
            }                                                                                                        \
        _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++)                                         \
            _Pragma("clang loop unroll(full)") for (size_t j = 0; j < n; j++)                                        \
                y[j * ystride + r] = total(sum[r][j]) + (bias ? bias[r] : 0);                                        \
    }                                                                                                                \
    INLINE void name##_rows(float *y, size_t ystride, const element *w, const float *bias, const float *x,           \
                            size_t xstride, size_t n, size_t cols, size_t rows) {                                    \
        size_t j = 0;                                                                                                \
        for (; j + LINEAR_VECTORS <= n; j += LINEAR_VECTORS)                                                         \
            name##_tile(y + j * ystride, ystride, w, bias, x + j * xstride, xstride, cols, rows, LINEAR_VECTORS);    \
        for (; j < n; j++)                                                                                           \
            name##_tile(y + j * ystride, ystride, w, bias, x + j * xstride, xstride, cols, rows, 1);                 \
    }                                                                                                                \
    static void name(float *y, size_t ystride, const element *w, const float *bias, const float *x, size_t xstride,  \
                     size_t n, size_t cols, size_t first, size_t last) {                                             \
        size_t r = first;                                                                                            \
        if (n == 1)                                                                                                  \
            for (; r + 8 <= last; r += 8)                                                                            \
                name##_tile(y + r, ystride, w + r * cols, bias ? bias + r : NULL, x, xstride, cols, 8, 1);           \
        for (; r + 4 <= last; r += 4)                                                                                \
            name##_rows(y + r, ystride, w + r * cols, bias ? bias + r : NULL, x, xstride, n, cols, 4);               \
        for (; r < last; r++)                                                                                        \
            name##_rows(y + r, ystride, w + r * cols, bias ? bias + r : NULL, x, xstride, n, cols, 1);               \
    }

LINEAR(linear_f32, float, load, load_part)
LINEAR(linear_bf16, uint16_t, load_bf16, load_bf16_part)
