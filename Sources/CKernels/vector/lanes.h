// Vectors of LANES floats in the language's own terms, so that one text serves every instruction set.
// Included inside a `#pragma clang attribute push(target)`; LANES is 8 or 16.
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef float vec_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t half_unaligned __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

INLINE vec load(const float *p) { return *(const vec_unaligned *)p; }
INLINE void store(float *p, vec v) { *(vec_unaligned *)p = v; }
INLINE vec fill(float value) { return (vec){0} + value; }
INLINE vec fma_(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }

/// The first `count` floats, zero beyond.
INLINE vec load_part(const float *p, size_t count) {
    if (count >= LANES) return load(p);
    float lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof(float));
    return load(lanes);
}

INLINE void store_part(float *p, vec v, size_t count) {
    if (count >= LANES) {
        store(p, v);
        return;
    }
    float lanes[LANES];
    store(lanes, v);
    memcpy(p, lanes, count * sizeof(float));
}

/// bfloat16 widened exactly.
INLINE vec load_bf16(const uint16_t *p) {
    typedef uint32_t uvec __attribute__((vector_size(4 * LANES)));
    return (vec)(__builtin_convertvector(*(const half_unaligned *)p, uvec) << 16);
}

INLINE vec load_bf16_part(const uint16_t *p, size_t count) {
    uint16_t lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof(uint16_t));
    return load_bf16(lanes);
}

/// The sum of the lanes, halves first.
INLINE float total(vec v) {
    typedef float vec8 __attribute__((vector_size(32)));
    typedef float vec4 __attribute__((vector_size(16)));
#if LANES == 16
    vec8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
             __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    vec8 a = v;
#endif
    vec4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE vec choose(ivec condition, vec yes, vec no) {
    return (vec)(((ivec)yes & condition) | ((ivec)no & ~condition));
}

/// e^x within 2 units in the last place; clamped to [1e-38, 2e38], NaN stays NaN.
INLINE vec exponential(vec x) {
    const float magic = 12582912;  // 1.5·2^23: adding it rounds to an integer and leaves it in the low bits
    x = choose(x > 88.3f, fill(88.3f), x);
    x = choose(x < -87.3f, fill(-87.3f), x);
    vec shifted = fma_(x, fill(1.44269504f), fill(magic)), n = shifted - magic;
    vec r = fma_(n, fill(-0.693145752f), x);
    r = fma_(n, fill(-1.42860677e-6f), r);
    vec p = fill(1.0f / 5040);
    p = fma_(p, r, fill(1.0f / 720));
    p = fma_(p, r, fill(1.0f / 120));
    p = fma_(p, r, fill(1.0f / 24));
    p = fma_(p, r, fill(1.0f / 6));
    p = fma_(p, r, fill(0.5f));
    p = fma_(p, r, fill(1));
    p = fma_(p, r, fill(1));
    ivec exponent = (ivec)shifted - (ivec)fill(magic) + 127;
    return p * (vec)(exponent << 23);
}

/// sin² has period pi, so the sign of the sine is of no interest. Good for |x| up to some 10^4.
INLINE vec sine_squared(vec x) {
    const float magic = 12582912;
    vec n = fma_(x, fill(0.318309886f), fill(magic)) - magic;
    vec r = fma_(n, fill(-3.14159274f), x);
    r = fma_(n, fill(8.74227766e-8f), r);
    vec s = r * r, p = fill(1.0f / 6227020800);
    p = fma_(p, s, fill(-1.0f / 39916800));
    p = fma_(p, s, fill(1.0f / 362880));
    p = fma_(p, s, fill(-1.0f / 5040));
    p = fma_(p, s, fill(1.0f / 120));
    p = fma_(p, s, fill(-1.0f / 6));
    vec sine = fma_(p * s, r, r);
    return sine * sine;
}
