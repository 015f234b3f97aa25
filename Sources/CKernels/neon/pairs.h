// Integer convolutions: smlal multiplies four int16 of one channel each, so a vector of weights becomes even channels in its
// lower half, odd ones in its upper.
INLINE ivec spread_pairs(ivec w) {
    const uint8x16_t order = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
    return (ivec)vqtbl1q_u8((uint8x16_t)w, order);
}

#define SPREAD16(w) spread_pairs(w)
#define DOT16(sum, w, x)                                                                                             \
    (ivec)vmlal_high_laneq_s16(vmlal_laneq_s16((int32x4_t)(sum), vget_low_s16((int16x8_t)(w)), (int16x8_t)(x), 0),   \
                               (int16x8_t)(w), (int16x8_t)(x), 1)
