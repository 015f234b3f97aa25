// Linear layers over int8 and int4 weights, rows read one after the other (see linear.h). An instruction set gives
//   dot(acc, w, q)                              acc + Σ of four neighbouring products (w + DOT_OFFSET)·q per lane
//   dot_nibbles(acc, low, high, even, odd)      acc + Σ low·even + Σ high·odd, four neighbours each
// and may give its own square_sums.
// Sums of int8 are exact, so their order is free. Those of int4 are exact in a group and have a fixed order in float.

#define BYTES (4 * LANES)
/// Vectors a call may bring.
#define BATCH_LIMIT 16

INLINE byte_vec load_bytes(const void *p) { return *(const byte_vec_unaligned *)p; }

/// The first `count` bytes, zero beyond.
INLINE byte_vec load_bytes_part(const void *p, size_t count) {
    if (count >= BYTES) return load_bytes(p);
    int8_t lanes[BYTES] = {0};
    memcpy(lanes, p, count);
    return load_bytes(lanes);
}

/// One row by n vectors. Where a row ends within a vector the inputs are zero, so the weights there are of no interest.
INLINE void q8_row(ivec *result, const int8_t *w, const int8_t *q, size_t cols, size_t n) {
    ivec sum[LINEAR_BATCH][LINEAR_SUMS];
    UNROLL for (size_t j = 0; j < n; j++) UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) sum[j][s] = (ivec){0};
    size_t i = 0;
    for (; i + LINEAR_SUMS * BYTES <= cols; i += LINEAR_SUMS * BYTES)
        UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) {
            size_t at = i + s * BYTES;
            if (s * BYTES % FETCH == 0) fetch_ahead(w + at);
            byte_vec weight = load_bytes(w + at);
            UNROLL for (size_t j = 0; j < n; j++) sum[j][s] = dot(sum[j][s], weight, load_bytes(q + j * cols + at));
        }
    for (; i < cols; i += BYTES) {
        byte_vec weight = load_bytes_part(w + i, cols - i);
        UNROLL for (size_t j = 0; j < n; j++)
            sum[j][0] = dot(sum[j][0], weight, load_bytes_part(q + j * cols + i, cols - i));
    }
    UNROLL for (size_t j = 0; j < n; j++) result[4 * j] = (sum[j][0] + sum[j][1]) + (sum[j][2] + sum[j][3]);
}

INLINE void q8_tile(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                    const int8_t *q, const float *xscale, const int32_t *excess, size_t cols, size_t rows, size_t n) {
    ivec sum[LINEAR_BATCH * 4];
    for (size_t r = 0; r < rows; r++) q8_row(sum + r, w + r * cols, q, cols, n);
    vec4 start = bias ? load_rows(bias, rows) : (vec4){0}, scale = load_rows(wscale, rows);
    UNROLL for (size_t j = 0; j < n; j++) {
        ivec4 exact = (rows == 4 ? int_totals(sum + 4 * j) : (ivec4){int_total(sum[4 * j])}) - excess[j];
        store_rows(y + j * ystride, __builtin_convertvector(exact, vec4) * (scale * xscale[j]) + start, rows);
    }
}

#ifndef SQUARE_SUMS
/// exact[j][r] = Σ w[r]·q[j] (+ DOT_OFFSET·Σ q[j]) for four rows by four vectors side by side.
INLINE void square_sums(ivec4 *exact, const int8_t *w, const int8_t *q, size_t cols, int fetch_next) {
    ivec sum[4][4];
    UNROLL for (size_t j = 0; j < 4; j++) UNROLL for (size_t r = 0; r < 4; r++) sum[j][r] = (ivec){0};
#define STEP(read_w, read_q)                                                                                         \
    do {                                                                                                             \
        byte_vec weight[4];                                                                                          \
        UNROLL for (size_t r = 0; r < 4; r++) weight[r] = read_w;                                                    \
        UNROLL for (size_t j = 0; j < 4; j++) {                                                                      \
            byte_vec input = read_q;                                                                                 \
            UNROLL for (size_t r = 0; r < 4; r++) sum[j][r] = dot(sum[j][r], weight[r], input);                      \
        }                                                                                                            \
    } while (0)
    size_t i = 0;
    for (; i + BYTES <= cols; i += BYTES) {
        // The next four rows in the order they lie, which four streams at once would not be fetched in.
        for (size_t b = 0; fetch_next && b < 4 * BYTES; b += FETCH) __builtin_prefetch(w + 4 * (cols + i) + b);
        STEP(load_bytes(w + r * cols + i), load_bytes(q + j * cols + i));
    }
    if (i < cols) STEP(load_bytes_part(w + r * cols + i, cols - i), load_bytes_part(q + j * cols + i, cols - i));
#undef STEP
    UNROLL for (size_t j = 0; j < 4; j++) exact[j] = int_totals(sum[j]);
}
#endif

/// Four rows by four vectors: for batches, where loads and not memory are what limits.
INLINE void q8_square(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                      const int8_t *q, const float *xscale, const int32_t *excess, size_t cols, int fetch_next) {
    ivec4 exact[4];
    square_sums(exact, w, q, cols, fetch_next);
    vec4 start = bias ? load_rows(bias, 4) : (vec4){0}, scale = load_rows(wscale, 4);
    UNROLL for (size_t j = 0; j < 4; j++)
        store_rows(y + j * ystride,
                   __builtin_convertvector(exact[j] - excess[j], vec4) * (scale * xscale[j]) + start, 4);
}

INLINE void q8_rows(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                    const int8_t *q, const float *xscale, const int32_t *excess, size_t n, size_t cols, size_t rows) {
    size_t j = 0;
    for (; LANES != 8 && rows == 4 && j + 4 <= n; j += 4)  // sixteen sums need more than sixteen registers
        q8_square(y + j * ystride, ystride, w, wscale, bias, q + j * cols, xscale + j, excess + j, cols, j == 0);
    for (; j + 2 <= n; j += 2)
        q8_tile(y + j * ystride, ystride, w, wscale, bias, q + j * cols, xscale + j, excess + j, cols, rows, 2);
    for (; j < n; j++)
        q8_tile(y + j * ystride, ystride, w, wscale, bias, q + j * cols, xscale + j, excess + j, cols, rows, 1);
}

static void linear_q8(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                      const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last) {
    int32_t excess[BATCH_LIMIT] = {0};  // what DOT_OFFSET adds to every row
    for (size_t j = 0; DOT_OFFSET && j < n; j++) {
        for (size_t i = 0; i < cols; i++) excess[j] += q[j * cols + i];
        excess[j] *= DOT_OFFSET;
    }
    size_t r = first;
    for (; r + 4 <= last; r += 4)
        q8_rows(y + r, ystride, w + r * cols, wscale + r, bias ? bias + r : NULL, q, xscale, excess, n, cols, 4);
    for (; r < last; r++)
        q8_rows(y + r, ystride, w + r * cols, wscale + r, bias ? bias + r : NULL, q, xscale, excess, n, cols, 1);
}

/// The vector `block` of four whose every lane holds the scale of the group its weights belong to.
INLINE vec spread_scales(vec scales, size_t block) {
#define SPREAD(b)                                                                                                    \
    __builtin_shufflevector(scales, scales, LANES_OF_FOUR(b * (LANES / 4)))
    switch (block) {
    case 0: return SPREAD(0);
    case 1: return SPREAD(1);
    case 2: return SPREAD(2);
    default: return SPREAD(3);
    }
#undef SPREAD
}

/// LANES groups in four vectors of weights, each with its own sum; `left` bytes of the row are there.
INLINE void q4_chunk(vec sum[][LINEAR_SUMS], const uint8_t *w, const uint16_t *wscale, const int8_t *even,
                     const int8_t *odd, const int32_t *offsets, size_t cols, size_t left, size_t n) {
    vec scales = load_bf16_part(wscale, left / 16);
    UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) {
        size_t at = s * BYTES;
        if (at >= left) break;
        if (at % FETCH == 0) fetch_ahead(w + at);
        ubyte_vec pairs = (ubyte_vec)load_bytes_part(w + at, left - at);
        byte_vec low = (byte_vec)(pairs & 15), high = (byte_vec)(pairs >> 4);
        vec scale = spread_scales(scales, s);
        UNROLL for (size_t j = 0; j < n; j++) {
            byte_vec evens = load_bytes_part(even + j * cols + at, left - at);
            byte_vec odds = load_bytes_part(odd + j * cols + at, left - at);
            ivec exact = load_ints_part(offsets + j * (cols / 8) + at / 4, (left - at) / 4);
            exact = dot_nibbles(exact, low, high, evens, odds);
            sum[j][s] = fma_(__builtin_convertvector(exact, vec), scale, sum[j][s]);
        }
    }
}

INLINE void q4_row(vec *result, const uint8_t *w, const uint16_t *wscale, const int8_t *q, const int32_t *offsets,
                   size_t cols, size_t n) {
    const size_t half = cols / 2, chunk = LINEAR_SUMS * BYTES;
    vec sum[LINEAR_BATCH][LINEAR_SUMS];
    UNROLL for (size_t j = 0; j < n; j++) UNROLL for (size_t s = 0; s < LINEAR_SUMS; s++) sum[j][s] = fill(0);
    size_t i = 0;
    for (; i + chunk <= half; i += chunk)
        q4_chunk(sum, w + i, wscale + i / 16, q + i, q + half + i, offsets + i / 4, cols, chunk, n);
    if (i < half) q4_chunk(sum, w + i, wscale + i / 16, q + i, q + half + i, offsets + i / 4, cols, half - i, n);
    UNROLL for (size_t j = 0; j < n; j++) result[4 * j] = (sum[j][0] + sum[j][1]) + (sum[j][2] + sum[j][3]);
}

INLINE void q4_tile(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                    const int8_t *q, const int32_t *offsets, const float *xscale, size_t cols, size_t rows, size_t n) {
    vec sum[LINEAR_BATCH * 4];
    for (size_t r = 0; r < rows; r++)
        q4_row(sum + r, w + r * (cols / 2), wscale + r * (cols / MK_Q4_GROUP), q, offsets, cols, n);
    vec4 start = bias ? load_rows(bias, rows) : (vec4){0};
    UNROLL for (size_t j = 0; j < n; j++)
        store_rows(y + j * ystride,
                   xscale[j] * (rows == 4 ? totals(sum + 4 * j) : first_total(sum[4 * j])) + start, rows);
}

INLINE void q4_rows(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                    const int8_t *q, const int32_t *offsets, const float *xscale, size_t n, size_t cols, size_t rows) {
    size_t j = 0, lanes = cols / 8;
    for (; j + LINEAR_BATCH <= n; j += LINEAR_BATCH)
        q4_tile(y + j * ystride, ystride, w, wscale, bias, q + j * cols, offsets + j * lanes, xscale + j, cols, rows,
                LINEAR_BATCH);
    for (; LINEAR_BATCH > 2 && j + 2 <= n; j += 2)
        q4_tile(y + j * ystride, ystride, w, wscale, bias, q + j * cols, offsets + j * lanes, xscale + j, cols, rows, 2);
    for (; j < n; j++)
        q4_tile(y + j * ystride, ystride, w, wscale, bias, q + j * cols, offsets + j * lanes, xscale + j, cols, rows, 1);
}

static void linear_q4(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                      const int8_t *q, const int32_t *offsets, const float *xscale, size_t n, size_t cols,
                      size_t first, size_t last) {
    size_t r = first, half = cols / 2, groups = cols / MK_Q4_GROUP;
    for (; r + 4 <= last; r += 4)
        q4_rows(y + r, ystride, w + r * half, wscale + r * groups, bias ? bias + r : NULL, q, offsets, xscale, n, cols, 4);
    for (; r < last; r++)
        q4_rows(y + r, ystride, w + r * half, wscale + r * groups, bias ? bias + r : NULL, q, offsets, xscale, n, cols, 1);
}
