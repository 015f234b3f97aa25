// Vectors of LANES floats in the language's own terms, so that one text serves every instruction set.
// Included inside a `#pragma clang attribute push(target)`; LANES is 4, 8 or 16.
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef int8_t byte_vec __attribute__((vector_size(4 * LANES)));
typedef uint8_t ubyte_vec __attribute__((vector_size(4 * LANES)));
typedef float vec4 __attribute__((vector_size(16)));
typedef int32_t ivec4 __attribute__((vector_size(16)));
typedef float vec4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
typedef int8_t byte_vec_unaligned __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
typedef int32_t ivec_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float vec_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t half_unaligned __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef _Float16 float16_unaligned __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

INLINE vec load(const float *p) { return *(const vec_unaligned *)p; }
INLINE void store(float *p, vec v) { *(vec_unaligned *)p = v; }
/// A lane of each; x - 0 is x, so this is one broadcast, where 0 + x would be an addition for the sake of -0.
INLINE vec fill(float value) { return value - (vec){0}; }
/// A lane of each from memory. aarch64 multiplies by a lane for nothing, while a load into all lanes waits for an arithmetic
/// unit: so the compiler must not see that the value comes from memory.
INLINE vec fill_from(const float *p) {
    float value = *p;
#if defined(__aarch64__)
    __asm__("" : "+w"(value));
#endif
    return fill(value);
}
INLINE vec fma_(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }

/// Bytes a fetch brings.
#define FETCH 64

/// Weights a page ahead: the processor's own prefetcher starts anew at every page.
INLINE void fetch_ahead(const void *p) { __builtin_prefetch((const char *)p + 4096); }

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
    if (count >= LANES) return load_bf16(p);
    uint16_t lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof(uint16_t));
    return load_bf16(lanes);
}

/// Half precision widened exactly.
INLINE vec load_f16(const uint16_t *p) { return __builtin_convertvector(*(const float16_unaligned *)p, vec); }

INLINE vec load_f16_part(const uint16_t *p, size_t count) {
    if (count >= LANES) return load_f16(p);
    uint16_t lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof(uint16_t));
    return load_f16(lanes);
}

/// int16 to floats, exactly: as the low bits of a float of 1.5·2^23, which is an addition where a conversion has one unit only.
INLINE vec load_i16(const int16_t *p) {
    typedef int16_t shorts_unaligned __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
    ivec wide = __builtin_convertvector(*(const shorts_unaligned *)p, ivec);
    return (vec)(wide + (ivec)fill(12582912)) - fill(12582912);
}

INLINE ivec load_ints_part(const int32_t *p, size_t count) {
    if (count >= LANES) return *(const ivec_unaligned *)p;
    int32_t lanes[LANES] = {0};
    memcpy(lanes, p, count * sizeof(int32_t));
    return *(const ivec_unaligned *)lanes;
}

// Sums of lanes: halves are added until four are left, then (0 + 2) + (1 + 3). `totals` gives four sums with the bits
// that `total` gives one.
#define FOLD(name, narrow, wide)                                                                                     \
    INLINE narrow name(wide v) {                                                                                     \
        typedef __typeof__(v[0]) half __attribute__((vector_size(LANES == 16 ? 32 : 16)));                           \
        half a = FOLD_LANES(v);                                                                                      \
        return FOLD_EIGHT(a);                                                                                        \
    }
#if LANES == 16
#define FOLD_LANES(v)                                                                                                \
    (__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15))
#define FOLD_EIGHT(a) (__builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7))
#elif LANES == 8
#define FOLD_LANES(v) (__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7))
#define FOLD_EIGHT(a) (a)
#else
#define FOLD_LANES(v) (v)
#define FOLD_EIGHT(a) (a)
#endif
FOLD(fold, vec4, vec)
FOLD(int_fold, ivec4, ivec)

INLINE float total(vec v) {
    vec4 b = fold(v);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE vec4 first_total(vec v) { return (vec4){total(v), 0, 0, 0}; }

INLINE int32_t int_total(ivec v) {
    ivec4 b = int_fold(v);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

#define TOTALS(name, narrow, wide, fold)                                                                             \
    INLINE narrow name(const wide *v) {                                                                              \
        narrow a = fold(v[0]), b = fold(v[1]), c = fold(v[2]), d = fold(v[3]);                                       \
        narrow ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);           \
        narrow cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);           \
        return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);            \
    }
TOTALS(totals, vec4, vec, fold)
TOTALS(int_totals, ivec4, ivec, int_fold)

// Indices of a shuffle that repeats lanes `first`, `first` + 1, … four times each.
#define FOUR_TIMES(i) i, i, i, i
#if LANES == 16
#define LANES_OF_FOUR(first) FOUR_TIMES(first), FOUR_TIMES(first + 1), FOUR_TIMES(first + 2), FOUR_TIMES(first + 3)
#elif LANES == 8
#define LANES_OF_FOUR(first) FOUR_TIMES(first), FOUR_TIMES(first + 1)
#else
#define LANES_OF_FOUR(first) FOUR_TIMES(first)
#endif

INLINE vec choose(ivec condition, vec yes, vec no) {
    return (vec)(((ivec)yes & condition) | ((ivec)no & ~condition));
}

/// Bits that grow with |x|; those of infinities and NaN are the largest.
INLINE ivec magnitude(vec x) { return (ivec)x & 0x7FFFFFFF; }

/// The magnitude of infinities; those of NaN are larger.
#define INFINITE 0x7F800000

/// The magnitude of the largest, in which NaN counts: a comparison of floats would pass it over.
INLINE int32_t largest_magnitude(const float *x, size_t channels) {
    ivec largest = {0};
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES) largest = __builtin_elementwise_max(largest, magnitude(load(x + c)));
    if (c < channels) largest = __builtin_elementwise_max(largest, magnitude(load_part(x + c, channels - c)));
    return __builtin_reduce_max(largest);
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
