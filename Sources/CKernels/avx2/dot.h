// Sums of products of bytes in 256 bits without the dot product instruction.
#define DOT_OFFSET 0

INLINE ivec pair_sums(__m256i products) { return (ivec)_mm256_madd_epi16(products, _mm256_set1_epi16(1)); }

/// |w| times q with the sign of w: 128·127 twice still fits int16.
INLINE ivec dot(ivec acc, byte_vec w, byte_vec q) {
    __m256i weight = (__m256i)w;
    return acc + pair_sums(_mm256_maddubs_epi16(_mm256_abs_epi8(weight), _mm256_sign_epi8((__m256i)q, weight)));
}

/// Weights are 0..15: four products of at most 15·127 fit int16.
INLINE ivec dot_nibbles(ivec acc, byte_vec low, byte_vec high, byte_vec even, byte_vec odd) {
    return acc + pair_sums(_mm256_add_epi16(_mm256_maddubs_epi16((__m256i)low, (__m256i)even),
                                            _mm256_maddubs_epi16((__m256i)high, (__m256i)odd)));
}

// Integer convolutions. maddubs would saturate, so bytes are widened in place: even and odd ones apart.
#define DOT16(sum, w, x) ((sum) + (ivec)_mm256_madd_epi16((__m256i)(w), (__m256i)(x)))
#define DOT8(sum, w, x)                                                                                              \
    ((sum) + (ivec)_mm256_madd_epi16(_mm256_srai_epi16(_mm256_slli_epi16((__m256i)(w), 8), 8),                       \
                                     _mm256_and_si256((__m256i)(x), _mm256_set1_epi16(255))) +                       \
     (ivec)_mm256_madd_epi16(_mm256_srai_epi16((__m256i)(w), 8), _mm256_srli_epi16((__m256i)(x), 8)))
