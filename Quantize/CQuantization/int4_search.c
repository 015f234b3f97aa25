// Rounding with the scale that just covers a group's largest value wastes levels on one outlier. So scales that clip it are
// tried as well; each is replaced by the one that fits its codes best (least squares: Σxq / Σq²), and the pair of scale and
// codes with the smallest squared error wins. Plain rounding is among the tries, so the result is never worse.
#include "int4_codes.h"
#include <math.h>

INLINE void round_codes(float *codes, const float *x, float inverse) {
    for (int i = 0; i < GROUP; i++) codes[i] = round_code(x[i] * inverse);
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
        pack_codes(packed, best);
    }
}
