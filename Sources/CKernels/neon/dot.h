// Sums of products of bytes with the widening multiplications every aarch64 processor has.
#define DOT_OFFSET 0

/// Two products of at most 128·127 fit int16.
INLINE ivec dot(ivec acc, byte_vec w, byte_vec q) {
    int16x8_t products = vmull_s8(vget_low_s8((int8x16_t)w), vget_low_s8((int8x16_t)q));
    products = vmlal_high_s8(products, (int8x16_t)w, (int8x16_t)q);
    return (ivec)vpadalq_s16((int32x4_t)acc, products);
}

/// Weights are 0..15: four products of at most 15·127 fit int16.
INLINE ivec dot_nibbles(ivec acc, byte_vec low, byte_vec high, byte_vec even, byte_vec odd) {
    int16x8_t products = vmull_s8(vget_low_s8((int8x16_t)low), vget_low_s8((int8x16_t)even));
    products = vmlal_high_s8(products, (int8x16_t)low, (int8x16_t)even);
    products = vmlal_s8(products, vget_low_s8((int8x16_t)high), vget_low_s8((int8x16_t)odd));
    products = vmlal_high_s8(products, (int8x16_t)high, (int8x16_t)odd);
    return (ivec)vpadalq_s16((int32x4_t)acc, products);
}

#include "pairs.h"

// Products of bytes of two outputs in a vector, of which pairs are added up.
#define SPLIT_SUM
typedef struct {
    int32x4_t high[2], middle[2], low[2];
} split_sum;

INLINE ivec split_word(const int8_t *q) {
    int32_t value;
    memcpy(&value, q, 4);
    return (ivec)vdupq_n_s32(value);
}

INLINE void split_pairs(int32x4_t sum[2], ivec w, ivec q) {
    int8x16_t a = (int8x16_t)w, b = (int8x16_t)q;
    sum[0] = vpadalq_s16(sum[0], vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    sum[1] = vpadalq_s16(sum[1], vmull_high_s8(a, b));
}

INLINE split_sum split_add(split_sum s, ivec w, ivec qh, ivec ql) {
    split_pairs(s.high, w, qh);
    split_pairs(s.middle, w, ql);
    return s;
}

INLINE split_sum split_add_low(split_sum s, ivec wl, ivec qh, ivec ql) {
    split_pairs(s.middle, wl, qh);
    split_pairs(s.low, wl, ql);
    return s;
}

INLINE ivec split_total(split_sum s) {
    int32x4_t sum = vaddq_s32(vshlq_n_s32(vpaddq_s32(s.high[0], s.high[1]), 8), vpaddq_s32(s.middle[0], s.middle[1]));
    return (ivec)vrsraq_n_s32(sum, vpaddq_s32(s.low[0], s.low[1]), 8);
}

#define SPLIT_VECTORS 1
