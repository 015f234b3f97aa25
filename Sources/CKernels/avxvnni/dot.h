// Sums of products of bytes in 256 bits with vpdpbusd, which wants unsigned weights: w + 128 is w with its top bit
// flipped, and 128·Σq is taken off again.
#define DOT_OFFSET 128

INLINE ivec dot_unsigned(ivec acc, __m256i w, byte_vec q) {
    return (ivec)_mm256_dpbusd_avx_epi32((__m256i)acc, w, (__m256i)q);
}

INLINE ivec dot(ivec acc, byte_vec w, byte_vec q) {
    return dot_unsigned(acc, _mm256_xor_si256((__m256i)w, _mm256_set1_epi8(-128)), q);
}

INLINE ivec dot_nibbles(ivec acc, byte_vec low, byte_vec high, byte_vec even, byte_vec odd) {
    return dot_unsigned(dot_unsigned(acc, (__m256i)low, even), (__m256i)high, odd);
}

// Integer convolutions.
#define DOT16(sum, w, x) (ivec)_mm256_dpwssd_avx_epi32((__m256i)(sum), (__m256i)(w), (__m256i)(x))
#define DOT8(sum, w, x) (ivec)_mm256_dpbusd_avx_epi32((__m256i)(sum), (__m256i)(x), (__m256i)(w))
