// Sums of products of bytes with sdot.
#define DOT_OFFSET 0

INLINE ivec dot(ivec acc, byte_vec w, byte_vec q) {
    return (ivec)vdotq_s32((int32x4_t)acc, (int8x16_t)w, (int8x16_t)q);
}

INLINE ivec dot_nibbles(ivec acc, byte_vec low, byte_vec high, byte_vec even, byte_vec odd) {
    return dot(dot(acc, low, even), high, odd);
}

// Integer convolutions: bytes without a sign become signed ones by turning their top bit.
#define DOT8_OFFSET 128
#define DOT8(sum, w, x)                                                                                              \
    (ivec)vdotq_s32((int32x4_t)(sum), (int8x16_t)(w), veorq_s8((int8x16_t)(x), vdupq_n_s8(-128)))

#include "../neon/pairs.h"
