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
