// Integer layers with 256-bit multiply-add of bytes. Sums of int8 are exact, so their order is free.

/// acc + Σ of four neighbouring products, of unsigned a by signed b. No pair may leave int16.
INLINE __m256i dot_bytes(__m256i acc, __m256i a, __m256i b) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)));
}

INLINE int32_t total_int(__m256i v) {
    __m128i a = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    a = _mm_add_epi32(a, _mm_shuffle_epi32(a, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32(a, 0xB1)));
}

INLINE __m256i load_bytes(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }

/// `rows` rows by one vector: |w|·(q with the sign of w); 128·127·2 still fits int16.
INLINE void q8_tile(float *y, const int8_t *w, const float *wscale, const float *bias, const int8_t *q, float xscale,
                    size_t cols, size_t rows) {
    __m256i sum[4];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) sum[r] = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= cols; i += 32) {
        __m256i input = load_bytes(q + i);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m256i weight = load_bytes(w + r * cols + i);
            sum[r] = dot_bytes(sum[r], _mm256_abs_epi8(weight), _mm256_sign_epi8(input, weight));
        }
    }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        int32_t exact = total_int(sum[r]);
        for (size_t tail = i; tail < cols; tail++) exact += (int32_t)w[r * cols + tail] * q[tail];
        y[r] = (float)exact * (wscale[r] * xscale) + (bias ? bias[r] : 0);
    }
}

static void linear_q8(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                      const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last) {
    for (size_t r = first; r < last;) {
        size_t rows = last - r >= 4 ? 4 : 1;
        for (size_t j = 0; j < n; j++) {
            const int8_t *weight = w + r * cols, *input = q + j * cols;
            const float *start = bias ? bias + r : NULL;
            if (rows == 4) q8_tile(y + j * ystride + r, weight, wscale + r, start, input, xscale[j], cols, 4);
            else q8_tile(y + j * ystride + r, weight, wscale + r, start, input, xscale[j], cols, 1);
        }
        r += rows;
    }
}

/// One group of 32: Σ (nibble - 8)·q in four exact parts.
INLINE __m128i q4_group(const uint8_t *w, const int8_t *even, const int8_t *odd, int32_t sum) {
    __m128i pairs = _mm_loadu_si128((const __m128i *)w), mask = _mm_set1_epi8(15);
    __m128i low = _mm_and_si128(pairs, mask), high = _mm_and_si128(_mm_srli_epi16(pairs, 4), mask);
    __m128i products = _mm_add_epi16(_mm_maddubs_epi16(low, _mm_loadu_si128((const __m128i *)even)),
                                     _mm_maddubs_epi16(high, _mm_loadu_si128((const __m128i *)odd)));
    return _mm_add_epi32(_mm_madd_epi16(products, _mm_set1_epi16(1)), _mm_cvtsi32_si128(-8 * sum));
}

static void linear_q4(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                      const int8_t *q, const int32_t *group_sums, const float *xscale, size_t n, size_t cols,
                      size_t first, size_t last) {
    size_t groups = cols / MK_Q4_GROUP, half = cols / 2;
    for (size_t r = first; r < last; r++)
        for (size_t j = 0; j < n; j++) {
            const int8_t *even = q + j * cols, *odd = even + half;
            __m128 sum[2] = {_mm_setzero_ps(), _mm_setzero_ps()};
            for (size_t g = 0; g < groups; g++) {
                __m128i exact = q4_group(w + r * half + g * 16, even + g * 16, odd + g * 16, group_sums[j * groups + g]);
                __m128 scale = _mm_castsi128_ps(_mm_set1_epi32((int)((uint32_t)wscale[r * groups + g] << 16)));
                sum[g & 1] = _mm_fmadd_ps(_mm_cvtepi32_ps(exact), scale, sum[g & 1]);
            }
            __m128 both = _mm_add_ps(sum[0], sum[1]);
            float parts[4];
            _mm_storeu_ps(parts, both);
            y[j * ystride + r] =
                xscale[j] * ((parts[0] + parts[2]) + (parts[1] + parts[3])) + (bias ? bias[r] : 0);
        }
}
