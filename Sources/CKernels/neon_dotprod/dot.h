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

// A word of activations is multiplied as a lane, which costs nothing; a load into all lanes would wait for an arithmetic unit,
// so the compiler must not see that the value comes from memory.
#define SPLIT_SUM
typedef struct {
    int32x4_t high, middle, low;
} split_sum;

INLINE ivec split_word(const int8_t *q) {
    float value;
    memcpy(&value, q, 4);
    __asm__("" : "+w"(value));
    return (ivec)vdupq_n_f32(value);
}

INLINE split_sum split_add(split_sum s, ivec w, ivec qh, ivec ql) {
    s.high = vdotq_s32(s.high, (int8x16_t)w, (int8x16_t)qh);
    s.middle = vdotq_s32(s.middle, (int8x16_t)w, (int8x16_t)ql);
    return s;
}

INLINE split_sum split_add_low(split_sum s, ivec wl, ivec qh, ivec ql) {
    s.middle = vdotq_s32(s.middle, (int8x16_t)wl, (int8x16_t)qh);
    s.low = vdotq_s32(s.low, (int8x16_t)wl, (int8x16_t)ql);
    return s;
}

INLINE ivec split_total(split_sum s) {
    return (ivec)vrsraq_n_s32(vaddq_s32(vshlq_n_s32(s.high, 8), s.middle), s.low, 8);
}

#define SPLIT_VECTORS 2
