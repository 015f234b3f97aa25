// Sums of products of bytes with sdot, and four vectors by four rows with smmla.
#include "../neon_dotprod/dot.h"

#define SQUARE_SUMS

/// The first `count` of sixteen bytes, zero beyond.
INLINE int8x16_t sixteen(const int8_t *p, size_t count) {
    if (count >= 16) return vld1q_s8(p);
    int8_t lanes[16] = {0};
    memcpy(lanes, p, count);
    return vld1q_s8(lanes);
}

/// smmla takes eight bytes of two vectors and of two rows: which = 0 or 1 of the two eights that a load brings.
INLINE int8x16_t pair(int8x16_t a, int8x16_t b, int which) {
    int64x2_t x = vreinterpretq_s64_s8(a), y = vreinterpretq_s64_s8(b);
    return vreinterpretq_s8_s64(which ? vzip2q_s64(x, y) : vzip1q_s64(x, y));
}

/// exact[j][r] = Σ w[r]·q[j]; exact, so the order of the sums is free.
INLINE void square_sums(ivec4 *exact, const int8_t *w, const int8_t *q, size_t cols, int fetch_next) {
    int32x4_t sum[2][2] = {{vdupq_n_s32(0), vdupq_n_s32(0)}, {vdupq_n_s32(0), vdupq_n_s32(0)}};
    for (size_t i = 0; i < cols; i += 16) {
        if (fetch_next && i + 16 <= cols) __builtin_prefetch(w + 4 * (cols + i));
        int8x16_t row[4], input[4];
        UNROLL for (size_t r = 0; r < 4; r++) row[r] = sixteen(w + r * cols + i, cols - i);
        UNROLL for (size_t j = 0; j < 4; j++) input[j] = sixteen(q + j * cols + i, cols - i);
        UNROLL for (size_t j = 0; j < 2; j++) UNROLL for (size_t r = 0; r < 2; r++)
            UNROLL for (int half = 0; half < 2; half++)
                sum[j][r] = vmmlaq_s32(sum[j][r], pair(input[2 * j], input[2 * j + 1], half),
                                       pair(row[2 * r], row[2 * r + 1], half));
    }
    // A sum holds two rows of its first vector, then those of its second.
    UNROLL for (size_t j = 0; j < 2; j++) {
        exact[2 * j] = (ivec4)vcombine_s32(vget_low_s32(sum[j][0]), vget_low_s32(sum[j][1]));
        exact[2 * j + 1] = (ivec4)vcombine_s32(vget_high_s32(sum[j][0]), vget_high_s32(sum[j][1]));
    }
}
