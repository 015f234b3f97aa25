// Rounding with the scale that just covers a group's largest value wastes levels on one outlier. So scales that clip it are
// tried as well; each is replaced by the one that fits its codes best (least squares: Σxq / Σq²), and the pair of scale and
// codes with the smallest squared error wins. Plain rounding is among the tries, so the result is never worse.
#include "int4_search.h"
#include <math.h>

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

// Nearest integers in -8…7: adding 1.5 · 2²³ leaves no room for a fraction.
INLINE void round_codes(float *codes, const float *x, float inverse) {
    for (int i = 0; i < GROUP; i++) {
        float scaled = x[i] * inverse;
        scaled = scaled < -8 ? -8 : scaled > 7 ? 7 : scaled;
        codes[i] = (scaled + 12582912.0f) - 12582912.0f;
    }
}

// Σxq / Σq², 0 when all codes are 0.
INLINE float fit(const float *codes, const float *x) {
    float products[LANES] = {0}, squares[LANES] = {0};
    for (int j = 0; j < GROUP; j += LANES)
        for (int i = 0; i < LANES; i++) {
            products[i] += x[i + j] * codes[i + j];
            squares[i] += codes[i + j] * codes[i + j];
        }
    float square = total(squares);
    return square > 0 ? total(products) / square : 0;
}

INLINE float error_of(const float *codes, const float *x, float scale) {
    float errors[LANES] = {0};
    for (int j = 0; j < GROUP; j += LANES)
        for (int i = 0; i < LANES; i++) {
            float residue = x[i + j] - codes[i + j] * scale;
            errors[i] += residue * residue;
        }
    return total(errors);
}

// Keeps the codes of a scale when they are the best so far.
INLINE void try_scale(const float *x, float scale, float *codes, float *best, uint16_t *best_scale, float *smallest) {
    uint16_t half = narrow(scale);
    float wide = widen(half);
    if (!(wide > 0) || !isfinite(wide) || !isfinite(1 / wide)) return;
    round_codes(codes, x, 1 / wide);
    float error = error_of(codes, x, wide);
    if (!(error < *smallest)) return;
    *smallest = error;
    *best_scale = half;
    for (int i = 0; i < GROUP; i++) best[i] = codes[i];
}

VERSIONS void mq_int4_search(const float *x, size_t groups, uint8_t *packed, uint16_t *scales) {
    // The largest magnitude is mapped to these. Beyond 8 only the rounding changes; below 5.5 even groups with one outlier
    // no longer gain.
    static const float spans[] = {7, 5.5f, 6, 6.5f, 7.5f, 8, 8.5f, 9};
    for (size_t g = 0; g < groups; g++, x += GROUP, packed += GROUP / 2) {
        float codes[GROUP], best[GROUP] = {0}, zeros[GROUP] = {0}, peak = 0;
        for (int i = 0; i < GROUP; i++) peak = fabsf(x[i]) > peak ? fabsf(x[i]) : peak;
        // Zeros with any scale, until something is better.
        uint16_t scale = narrow(1);
        float smallest = error_of(zeros, x, 1);
        try_scale(x, peak / 7, codes, best, &scale, &smallest);
        for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
            if (!(peak > 0) || !isfinite(spans[s] / peak)) continue;
            round_codes(codes, x, spans[s] / peak);
            try_scale(x, fit(codes, x), codes, best, &scale, &smallest);
        }
        scales[g] = scale;
        for (int i = 0; i < GROUP / 2; i++)
            packed[i] = (uint8_t)((int)best[2 * i] + 8) | (uint8_t)(((int)best[2 * i + 1] + 8) << 4);
    }
}
