// Integer layers with vpdpbusd, 64 bytes at a time. Sums of int8 are exact, so their order is free.

INLINE __m512i load_bytes(const void *p, size_t count) {
    return count >= 64 ? _mm512_loadu_si512(p) : _mm512_maskz_loadu_epi8(((__mmask64)1 << count) - 1, p);
}

/// `rows` rows by `n` vectors. vpdpbusd wants unsigned weights: w + 128 is w with its top bit flipped, and 128·Σq is taken off
/// the sum again. Beyond `cols` q is zero, so what w holds there is of no interest.
INLINE void q8_tile(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                    const int8_t *q, const float *xscale, size_t cols, size_t rows, size_t n) {
    __m512i sum[8][2], flip = _mm512_set1_epi8(-128), sums[2];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < n; j++) {
        sums[j] = _mm512_setzero_si512();
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) sum[r][j] = _mm512_setzero_si512();
    }
    for (size_t i = 0; i < cols; i += 64) {
        __m512i input[2];
#pragma clang loop unroll(full)
        for (size_t j = 0; j < n; j++) {
            input[j] = load_bytes(q + j * cols + i, cols - i);
            sums[j] = _mm512_dpbusd_epi32(sums[j], flip, input[j]);
        }
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512i weight = _mm512_xor_si512(load_bytes(w + r * cols + i, cols - i), flip);
#pragma clang loop unroll(full)
            for (size_t j = 0; j < n; j++) sum[r][j] = _mm512_dpbusd_epi32(sum[r][j], weight, input[j]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < n; j++) {
            int32_t exact = _mm512_reduce_add_epi32(_mm512_sub_epi32(sum[r][j], sums[j]));
            y[j * ystride + r] = (float)exact * (wscale[r] * xscale[j]) + (bias ? bias[r] : 0);
        }
}

static void linear_q8(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                      const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last) {
    for (size_t r = first; r < last;) {
        size_t rows = last - r >= 8 ? 8 : 1;
        const int8_t *weight = w + r * cols;
        const float *start = bias ? bias + r : NULL;
        for (size_t j = 0; j < n;) {
            size_t vectors = n - j >= 2 ? 2 : 1;
            float *out = y + j * ystride + r;
#define TILE(rows, n) q8_tile(out, ystride, weight, wscale + r, start, q + j * cols, xscale + j, cols, rows, n)
            if (rows == 8 && vectors == 2) TILE(8, 2);
            else if (rows == 8) TILE(8, 1);
            else if (vectors == 2) TILE(1, 2);
            else TILE(1, 1);
#undef TILE
            j += vectors;
        }
        r += rows;
    }
}

/// Four groups of 32 at a time: four exact parts each, scaled and added in float. The order is the same for every tile.
INLINE void q4_tile(float *y, const uint8_t *w, const uint16_t *wscale, const float *bias, const int8_t *q,
                    const int32_t *group_sums, float xscale, size_t cols, size_t rows) {
    size_t groups = cols / MK_Q4_GROUP, half = cols / 2;
    __m512 sum[4];
    __m512i mask = _mm512_set1_epi8(15), spread = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) sum[r] = _mm512_setzero_ps();
    for (size_t g = 0; g < groups; g += 4) {
        size_t left = half - g * 16;
        __mmask8 present = groups - g >= 4 ? 15 : (__mmask8)((1 << (groups - g)) - 1);
        __m512i even = load_bytes(q + g * 16, left), odd = load_bytes(q + half + g * 16, left);
        __m512i offset = _mm512_castsi128_si512(_mm_maskz_loadu_epi32(present, group_sums + g));
        offset = _mm512_maskz_permutexvar_epi32(0x1111, spread, offset);
        offset = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(offset, 3));
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512i pairs = load_bytes(w + r * half + g * 16, left);
            __m512i exact = _mm512_dpbusd_epi32(offset, _mm512_and_si512(pairs, mask), even);
            exact = _mm512_dpbusd_epi32(exact, _mm512_and_si512(_mm512_srli_epi16(pairs, 4), mask), odd);
            __m128i half_scale = _mm_maskz_loadu_epi16(present, wscale + r * groups + g);
            __m512i scale = _mm512_castsi128_si512(_mm_slli_epi32(_mm_cvtepu16_epi32(half_scale), 16));
            sum[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(exact),
                                     _mm512_castsi512_ps(_mm512_permutexvar_epi32(spread, scale)), sum[r]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) y[r] = xscale * total((vec)sum[r]) + (bias ? bias[r] : 0);
}

static void linear_q4(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                      const int8_t *q, const int32_t *group_sums, const float *xscale, size_t n, size_t cols,
                      size_t first, size_t last) {
    for (size_t r = first; r < last;) {
        size_t rows = last - r >= 4 ? 4 : 1, groups = cols / MK_Q4_GROUP;
        for (size_t j = 0; j < n; j++) {
            const float *start = bias ? bias + r : NULL;
#define TILE(rows)                                                                                                   \
    q4_tile(y + j * ystride + r, w + r * (cols / 2), wscale + r * groups, start, q + j * cols,                       \
            group_sums + j * groups, xscale[j], cols, rows)
            if (rows == 4) TILE(4);
            else TILE(1);
#undef TILE
        }
        r += rows;
    }
}
