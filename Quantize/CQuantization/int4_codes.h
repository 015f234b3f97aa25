// What int4 is, for all that make it: groups, codes, scales, and sums in one order.
#ifndef MAKIMA_INT4_CODES_H
#define MAKIMA_INT4_CODES_H

#include "int4_search.h"

enum { GROUP = MQ_INT4_GROUP, LANES = 16 };

// A version for each instruction set. Sums have one order and nothing is contracted, so all give the same bytes.
// The thread sanitizer is not there yet when the loader asks which.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define VERSIONS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VERSIONS
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE uint16_t narrow(float value) {
    union { float f; uint32_t u; } bits = {value};
    return (uint16_t)((bits.u + 0x7fff + (bits.u >> 16 & 1)) >> 16);
}

INLINE float widen(uint16_t half) {
    union { uint32_t u; float f; } bits = {(uint32_t)half << 16};
    return bits.f;
}

INLINE float total(const float *lanes) {
    float sum[LANES];
    for (int i = 0; i < LANES; i++) sum[i] = lanes[i];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) sum[i] += sum[i + half];
    return sum[0];
}

// The nearest integer in -8…7: adding 1.5 · 2²³ leaves no room for a fraction. What is no number becomes -8.
INLINE float round_code(float scaled) {
    scaled = !(scaled > -8) ? -8 : scaled > 7 ? 7 : scaled;
    return (scaled + 12582912.0f) - 12582912.0f;
}

// A group's codes plus 8, two a byte, the first in the low half.
INLINE void pack_codes(uint8_t *packed, const float *codes) {
    for (int i = 0; i < GROUP / 2; i++)
        packed[i] = (uint8_t)((int)codes[2 * i] + 8) | (uint8_t)(((int)codes[2 * i + 1] + 8) << 4);
}

#endif
