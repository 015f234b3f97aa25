// Sums of products of bytes in 512 bits with vpdpbusd, which wants unsigned weights: w + 128 is w with its top bit
// flipped, and 128·Σq is taken off again.
#define DOT_OFFSET 128

INLINE ivec dot_unsigned(ivec acc, __m512i w, byte_vec q) {
    return (ivec)_mm512_dpbusd_epi32((__m512i)acc, w, (__m512i)q);
}

INLINE ivec dot(ivec acc, byte_vec w, byte_vec q) {
    return dot_unsigned(acc, _mm512_xor_si512((__m512i)w, _mm512_set1_epi8(-128)), q);
}

INLINE ivec dot_nibbles(ivec acc, byte_vec low, byte_vec high, byte_vec even, byte_vec odd) {
    return dot_unsigned(dot_unsigned(acc, (__m512i)low, even), (__m512i)high, odd);
}

// Integer convolutions.
#define DOT16(sum, w, x) (ivec)_mm512_dpwssd_epi32((__m512i)(sum), (__m512i)(w), (__m512i)(x))
#define DOT8(sum, w, x) (ivec)_mm512_dpbusd_epi32((__m512i)(sum), (__m512i)(x), (__m512i)(w))
