// Weights of convolutions from a checkpoint into panels: each weight is read once, and written where a kernel's next load
// will be.
#include "kernels.h"
#include <math.h>
#include <string.h>

/// Element numbers of an output's weights: its base, and how many taps of its kernel exist.
typedef struct {
    const char *base;  // of element (k = 0, i = 0)
    size_t from;       // taps before this one lie beyond the end of the kernel
} column;

static column find(const mk_convolution_source *s, size_t o) {
    ptrdiff_t start = s->first + (ptrdiff_t)(o / s->channels) * s->phase;
    column result = {0};
    // Taps count down the kernel of a transposed convolution, so what is missing comes first.
    if (s->tap < 0)
        while (result.from < s->taps && start + (ptrdiff_t)result.from * s->tap >= (ptrdiff_t)s->kernel) result.from++;
    result.base = (const char *)s->values + (start + (ptrdiff_t)(o % s->channels) * s->output) * (s->bf16 ? 2 : 4);
    return result;
}

static inline float element(const mk_convolution_source *s, const char *base, ptrdiff_t at) {
    float value;
    if (!s->bf16) {
        memcpy(&value, base + at * 4, 4);
        return value;
    }
    uint16_t half;
    memcpy(&half, base + at * 2, 2);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, 4);
    return value;
}

/// The weights of a panel's outputs for one input of one tap; zero beyond them and before the kernel's end.
static inline void gather(float *values, const mk_convolution_source *s, const column *columns, size_t width, size_t k,
                          size_t i) {
    ptrdiff_t at = (ptrdiff_t)k * s->tap + (ptrdiff_t)i * s->input;
    if (width == MK_PANEL && !s->bf16 && s->tap > 0) {
        for (size_t o = 0; o < MK_PANEL; o++) memcpy(values + o, columns[o].base + at * 4, 4);
        return;
    }
    for (size_t o = 0; o < MK_PANEL; o++)
        values[o] = o >= width || k < columns[o].from ? 0 : element(s, columns[o].base, at);
}

static size_t begin(const mk_convolution_source *s, size_t panel, column *columns) {
    size_t left = s->outputs - panel * MK_PANEL, width = left < MK_PANEL ? left : MK_PANEL;
    for (size_t o = 0; o < width; o++) columns[o] = find(s, panel * MK_PANEL + o);
    return width;
}

void mk_pack_f32(float *packed, const mk_convolution_source *s, size_t first, size_t last) {
    for (size_t panel = first; panel < last; panel++) {
        column columns[MK_PANEL];
        size_t width = begin(s, panel, columns);
        float *out = packed + panel * s->taps * s->inputs * MK_PANEL;
        for (size_t i = 0; i < s->inputs; i++)
            for (size_t k = 0; k < s->taps; k++) {
                float *values = out + (k * s->inputs + i) * MK_PANEL;
                gather(values, s, columns, width, k, i);
            }
    }
}

/// For each output of a panel the largest |w|, and the largest Σ|w| over a group of inputs of one tap. Returns 0 when a
/// weight is not finite.
static int measure(const mk_convolution_source *s, const column *columns, size_t width, size_t group, float *most,
                   float *sum) {
    float check = 0;
    for (size_t o = 0; o < MK_PANEL; o++) most[o] = sum[o] = 0;
    for (size_t k = 0; k < s->taps; k++)
        for (size_t start = 0; start < s->inputs; start += group) {
            size_t end = s->inputs - start < group ? s->inputs : start + group;
            float total[MK_PANEL] = {0};
            for (size_t i = start; i < end; i++) {
                float values[MK_PANEL];
                gather(values, s, columns, width, k, i);
                for (size_t o = 0; o < MK_PANEL; o++) {
                    float size = fabsf(values[o]);
                    total[o] += size;
                    most[o] = size > most[o] ? size : most[o];
                }
            }
            for (size_t o = 0; o < MK_PANEL; o++) {
                sum[o] = total[o] > sum[o] ? total[o] : sum[o];
                check += total[o] * 0;  // NaN once a total is not finite
            }
        }
    return check == 0;
}

/// round to nearest even; |x| < 2^22.
static inline int32_t rounded(float x) { return (int32_t)((x + 12582912) - 12582912); }

int mk_pack_q16(int16_t *packed, float *scales, const mk_convolution_source *s, size_t first, size_t last) {
    // Σ|w|·levels < 2^31 for every group, half a unit of rounding for each weight included.
    const float limit = 2147483647.0f / MK_Q16_LEVELS - MK_Q16_GROUP;
    size_t words = (s->inputs + 1) / 2;
    for (size_t panel = first; panel < last; panel++) {
        column columns[MK_PANEL];
        size_t width = begin(s, panel, columns);
        float inverse[MK_PANEL] = {0}, *scale = scales + panel * MK_PANEL;
        float most[MK_PANEL], sum[MK_PANEL];
        if (!measure(s, columns, width, MK_Q16_GROUP, most, sum)) return 0;
        for (size_t o = 0; o < MK_PANEL; o++) {
            scale[o] = fmaxf(most[o] / 32767, sum[o] / limit);
            inverse[o] = scale[o] > 0 && 1 / scale[o] < INFINITY ? 1 / scale[o] : 0;
        }
        int16_t *out = packed + panel * s->taps * words * MK_PANEL * 2;
        for (size_t i = 0; i < s->inputs; i += 2)
            for (size_t k = 0; k < s->taps; k++) {
                float even[MK_PANEL] = {0}, odd[MK_PANEL] = {0};
                gather(even, s, columns, width, k, i);
                if (i + 1 < s->inputs) gather(odd, s, columns, width, k, i + 1);
                int16_t *pair = out + (k * words + i / 2) * MK_PANEL * 2;
                for (size_t o = 0; o < MK_PANEL; o++) {
                    pair[2 * o] = (int16_t)rounded(even[o] * inverse[o]);
                    pair[2 * o + 1] = (int16_t)rounded(odd[o] * inverse[o]);
                }
            }
    }
    return 1;
}

int mk_pack_q8(int8_t *packed, float *scales, float *sums, const mk_convolution_source *s, size_t first, size_t last) {
    size_t words = (s->inputs + 3) / 4;
    for (size_t panel = first; panel < last; panel++) {
        column columns[MK_PANEL];
        size_t width = begin(s, panel, columns);
        float inverse[MK_PANEL] = {0}, *scale = scales + panel * MK_PANEL, *sum = sums + panel * s->taps * MK_PANEL;
        float most[MK_PANEL], total[MK_PANEL];
        if (!measure(s, columns, width, s->inputs, most, total)) return 0;
        for (size_t o = 0; o < MK_PANEL; o++) {
            scale[o] = most[o] / 127;
            inverse[o] = scale[o] > 0 && 1 / scale[o] < INFINITY ? 1 / scale[o] : 0;
        }
        memset(sum, 0, s->taps * MK_PANEL * sizeof(float));
        int8_t *out = packed + panel * s->taps * words * MK_PANEL * 4;
        memset(out, 0, s->taps * words * MK_PANEL * 4);
        for (size_t i = 0; i < s->inputs; i++)
            for (size_t k = 0; k < s->taps; k++) {
                float values[MK_PANEL] = {0};
                gather(values, s, columns, width, k, i);
                int8_t *four = out + (k * words + i / 4) * MK_PANEL * 4 + i % 4;
                for (size_t o = 0; o < MK_PANEL; o++) {
                    int32_t q = rounded(values[o] * inverse[o]);
                    four[4 * o] = (int8_t)q;
                    sum[k * MK_PANEL + o] += (float)q;
                }
            }
    }
    return 1;
}
