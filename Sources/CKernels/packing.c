// Weights of convolutions from a checkpoint into panels: each weight is read once, and written where a kernel's next load
// will be.
#include "winograd.h"
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

static inline float element(const char *base, ptrdiff_t at, int bf16) {
    float value;
    if (!bf16) {
        memcpy(&value, base + at * 4, 4);
        return value;
    }
    uint16_t half;
    memcpy(&half, base + at * 2, 2);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, 4);
    return value;
}

/// Weights of an output that lie beside one another and are read before the next output's.
enum { RUN = 128 };

/// The weights of a panel's outputs, in the order in which they lie in the source.
static inline void gather(float *out, const mk_convolution_source *s, const column *columns, size_t width, int bf16) {
    size_t together = s->input > (ptrdiff_t)s->taps ? 1 : RUN / s->taps + 1;
    for (size_t start = 0; start < s->inputs; start += together) {
        size_t end = s->inputs - start < together ? s->inputs : start + together;
        for (size_t o = 0; o < width; o++)
            for (size_t k = columns[o].from; k < s->taps; k++)
                for (size_t i = start; i < end; i++)
                    out[(k * s->inputs + i) * MK_PANEL + o] =
                        element(columns[o].base, (ptrdiff_t)k * s->tap + (ptrdiff_t)i * s->input, bf16);
    }
}

/// The panel that is packed as number n. The outputs of a transposed convolution lie in the source one phase beside the other, so
/// those of a channel are read one after the other.
static size_t panel_at(const mk_convolution_source *s, size_t n) {
    size_t phases = s->outputs / s->channels, groups = s->channels / MK_PANEL;
    return s->channels % MK_PANEL ? n : n % phases * groups + n / phases;
}

/// A panel as floats, [tap][input][MK_PANEL]: zero beyond the last output, and for taps beyond the kernel's end.
static void unpack(float *out, const mk_convolution_source *s, size_t panel) {
    size_t left = s->outputs - panel * MK_PANEL, width = left < MK_PANEL ? left : MK_PANEL;
    column columns[MK_PANEL];
    int isWhole = width == MK_PANEL;
    for (size_t o = 0; o < width; o++) {
        columns[o] = find(s, panel * MK_PANEL + o);
        isWhole &= columns[o].from == 0;
    }
    if (!isWhole) memset(out, 0, s->taps * s->inputs * MK_PANEL * sizeof *out);
    if (s->bf16)
        gather(out, s, columns, width, 1);
    else
        gather(out, s, columns, width, 0);
}

void mk_pack_f32(float *packed, const mk_convolution_source *s, size_t first, size_t last) {
    for (size_t n = first; n < last; n++) {
        size_t panel = panel_at(s, n);
        unpack(packed + panel * s->taps * s->inputs * MK_PANEL, s, panel);
    }
}

/// For each output of a tap the largest |w|, and the largest Σ|w| over a group of inputs. Returns 0 when a weight is not
/// finite.
static int measure(const float *w, size_t inputs, size_t group, float *most, float *sum) {
    float check = 0;
    for (size_t o = 0; o < MK_PANEL; o++) most[o] = sum[o] = 0;
    for (size_t start = 0; start < inputs; start += group) {
        size_t end = inputs - start < group ? inputs : start + group;
        float total[MK_PANEL] = {0};
        for (size_t i = start; i < end; i++)
            for (size_t o = 0; o < MK_PANEL; o++) {
                float size = fabsf(w[i * MK_PANEL + o]);
                total[o] += size;
                most[o] = size > most[o] ? size : most[o];
            }
        for (size_t o = 0; o < MK_PANEL; o++) {
            sum[o] = total[o] > sum[o] ? total[o] : sum[o];
            check += total[o] * 0;  // NaN once a total is not finite
        }
    }
    return check == 0;
}

static float inverse_of(float scale) { return scale > 0 && 1 / scale < INFINITY ? 1 / scale : 0; }

/// Input i of a tap in steps of the scales, rounded to nearest even: steps are fewer than 2^22. Zero beyond the last input.
static void round_row(int32_t *q, const float *w, size_t inputs, size_t i, const float *inverse) {
    for (size_t o = 0; o < MK_PANEL; o++)
        q[o] = i < inputs ? (int32_t)(w[i * MK_PANEL + o] * inverse[o] + 12582912 - 12582912) : 0;
}

/// A panel's weights to what they are at the points, [point][input][MK_PANEL].
static void transform(float *out, const float *w, const winograd_form *form, size_t tap) {
    for (size_t i = 0; i < tap; i += MK_PANEL) {
        const float *last = w + (form->taps - 1) * tap;
        for (size_t o = i; o < i + MK_PANEL; o++) {
            out[o] = w[o] / form->ends[0];
            out[(2 * form->pairs + 1) * tap + o] = last[o] / form->ends[form->pairs];
        }
        for (size_t pair = 0; pair < form->pairs; pair++) {
            // Of even taps and of odd ones.
            double sums[2][MK_PANEL] = {{0}}, power = form->factors[pair];
            for (size_t k = 0; k < form->taps; k++, power *= form->points[pair])
                for (size_t o = 0; o < MK_PANEL; o++) sums[k % 2][o] += power * w[k * tap + i + o];
            for (size_t o = 0; o < MK_PANEL; o++) {
                out[(2 * pair + 1) * tap + i + o] = (float)(sums[0][o] + sums[1][o]);
                out[(2 * pair + 2) * tap + i + o] = (float)(sums[0][o] - sums[1][o]);
            }
        }
    }
}

/// How weights are rounded at the points, one after the other, each making up for what those before it did.
typedef struct {
    size_t order[MK_WINOGRAD_POINTS];  // the point that is rounded as number n
    float share[MK_WINOGRAD_POINTS][MK_WINOGRAD_POINTS];  // [n][m < n]: of m's error, subtracted from number n
} rounding;

/// A row of A and of B: what a point is in each output, and each input at the point; and Σ G², what weights are there.
static double describe(double *a, double *b, const winograd_form *f, size_t point) {
    for (size_t j = 0; j < f->outputs; j++) a[j] = 0;
    for (size_t i = 0; i < winograd_points(f); i++) b[i] = 0;
    if (point == 0 || point == winograd_points(f) - 1) {
        a[point ? f->outputs - 1 : 0] = 1;
        for (size_t i = 0; i <= f->pairs; i++) b[2 * i + (point > 0)] = f->ends[i];
        double factor = f->ends[point ? f->pairs : 0];
        return 1 / (factor * factor);
    }
    size_t pair = (point - 1) / 2;
    double sign = point % 2 ? 1 : -1, squares = 0, power = f->factors[pair];
    for (size_t j = 0; j < f->outputs; j++) a[j] = f->powers[pair][j] * (j % 2 ? sign : 1);
    for (size_t i = 0; i < f->pairs; i++) b[2 * i + 2] = f->even[pair][i], b[2 * i + 1] = sign * f->odd[pair][i];
    for (size_t k = 0; k < f->taps; k++, power *= f->points[pair]) squares += power * power;
    return squares;
}

/// Errors e of an output's weights for one input change its outputs by Σ_j Σ_i (Σ_p A[p][j]·B[p][i]·e[p])², a quadratic form. It is a
/// sum of squares d[n]·(e[n] + Σ_{m < n} share[n][m]·e[m])², so the error that number n should have follows from those before.
static rounding plan(const winograd_form *f) {
    double a[MK_WINOGRAD_POINTS][WINOGRAD_OUTPUTS], b[MK_WINOGRAD_POINTS][MK_WINOGRAD_POINTS];
    double form[MK_WINOGRAD_POINTS][MK_WINOGRAD_POINTS], weight[MK_WINOGRAD_POINTS];
    size_t points = winograd_points(f);
    rounding result = {{0}, {{0}}};
    for (size_t p = 0; p < points; p++) {
        double squares = describe(a[p], b[p], f, p), outputs = 0, inputs = 0;
        for (size_t j = 0; j < f->outputs; j++) outputs += a[p][j] * a[p][j];
        for (size_t i = 0; i < points; i++) inputs += b[p][i] * b[p][i];
        weight[p] = squares * outputs * inputs;
        // What errs most comes first.
        size_t n = p;
        for (; n > 0 && weight[result.order[n - 1]] < weight[p]; n--) result.order[n] = result.order[n - 1];
        result.order[n] = p;
    }
    for (size_t n = 0; n < points; n++)
        for (size_t m = 0; m < points; m++) {
            double outputs = 0, inputs = 0;
            for (size_t j = 0; j < f->outputs; j++) outputs += a[result.order[n]][j] * a[result.order[m]][j];
            for (size_t i = 0; i < points; i++) inputs += b[result.order[n]][i] * b[result.order[m]][i];
            form[n][m] = outputs * inputs;
        }
    for (size_t n = points; n-- > 0;)
        for (size_t m = 0; m < n; m++) {
            result.share[n][m] = (float)(form[n][m] / form[n][n]);
            for (size_t l = 0; l < n; l++) form[m][l] -= form[n][m] * form[n][l] / form[n][n];
        }
    return result;
}

/// The weights of a panel, values[point][input][MK_PANEL], to int16 with a scale for each output and point.
static int round_points(int16_t *packed, float *scales, const float *values, size_t inputs, size_t points,
                        const rounding *how) {
    size_t tap = inputs * MK_PANEL;
    float inverse[MK_WINOGRAD_POINTS][MK_PANEL], most[MK_PANEL], sum[MK_PANEL];
    for (size_t p = 0; p < points; p++) {
        if (!measure(values + p * tap, inputs, inputs, most, sum)) return 0;
        for (size_t o = 0; o < MK_PANEL; o++) {
            scales[p * MK_PANEL + o] = most[o] / 32767;
            inverse[p][o] = inverse_of(most[o] / 32767);
        }
    }
    for (size_t i = 0; i < tap; i += MK_PANEL) {
        float error[MK_WINOGRAD_POINTS][MK_PANEL];
        for (size_t n = 0; n < points; n++) {
            const float *value = values + how->order[n] * tap + i, *scale = scales + how->order[n] * MK_PANEL;
            int16_t *out = packed + how->order[n] * tap + i;
            float wanted[MK_PANEL];
            memcpy(wanted, value, sizeof wanted);
            for (size_t m = 0; m < n; m++)
                for (size_t o = 0; o < MK_PANEL; o++) wanted[o] -= how->share[n][m] * error[m][o];
            for (size_t o = 0; o < MK_PANEL; o++) {
                float q = wanted[o] * inverse[how->order[n]][o] + 12582912 - 12582912;
                q = q > 32767 ? 32767 : q < -32767 ? -32767 : q;
                out[o] = (int16_t)q;
                error[n][o] = q * scale[o] - value[o];
            }
        }
    }
    return 1;
}

int mk_pack_winograd(void *packed, float *scales, float *scratch, const mk_convolution_source *s, size_t tile, size_t first,
                     size_t last) {
    const winograd_form *form = winograd_form_of(s->taps, tile);
    size_t tap = s->inputs * MK_PANEL, points = winograd_points(form);
    rounding how = plan(form);
    for (size_t n = first; n < last; n++) {
        size_t panel = panel_at(s, n);
        size_t at = panel * points;
        unpack(scratch, s, panel);
        float *values = scales ? scratch + s->taps * tap : (float *)packed + at * tap;
        transform(values, scratch, form, tap);
        if (scales && !round_points((int16_t *)packed + at * tap, scales + at * MK_PANEL, values, s->inputs, points, &how))
            return 0;
    }
    return 1;
}

int mk_pack_q16(int16_t *packed, float *scales, float *scratch, const mk_convolution_source *s, size_t first,
                size_t last) {
    // Σ|w|·levels < 2^31 for every group, half a unit of rounding for each weight included.
    const float limit = 2147483647.0f / MK_Q16_LEVELS - MK_Q16_GROUP;
    size_t words = (s->inputs + 1) / 2;
    for (size_t n = first; n < last; n++) {
        size_t panel = panel_at(s, n);
        unpack(scratch, s, panel);
        for (size_t k = 0; k < s->taps; k++) {
            const float *w = scratch + k * s->inputs * MK_PANEL;
            float inverse[MK_PANEL], most[MK_PANEL], sum[MK_PANEL], *scale = scales + (panel * s->taps + k) * MK_PANEL;
            if (!measure(w, s->inputs, MK_Q16_GROUP, most, sum)) return 0;
            for (size_t o = 0; o < MK_PANEL; o++) {
                scale[o] = fmaxf(most[o] / 32767, sum[o] / limit);
                inverse[o] = inverse_of(scale[o]);
            }
            int16_t *out = packed + (panel * s->taps + k) * words * MK_PANEL * 2;
            for (size_t i = 0; i < s->inputs; i += 2, out += MK_PANEL * 2) {
                int32_t even[MK_PANEL], odd[MK_PANEL];
                round_row(even, w, s->inputs, i, inverse);
                round_row(odd, w, s->inputs, i + 1, inverse);
                for (size_t o = 0; o < MK_PANEL; o++) {
                    out[2 * o] = (int16_t)even[o];
                    out[2 * o + 1] = (int16_t)odd[o];
                }
            }
        }
    }
    return 1;
}

int mk_pack_s16(int8_t *packed, float *scales, float *scratch, const mk_convolution_source *s, size_t first,
                size_t last) {
    size_t words = (s->inputs + 3) / 4;
    for (size_t n = first; n < last; n++) {
        size_t panel = panel_at(s, n);
        unpack(scratch, s, panel);
        for (size_t k = 0; k < s->taps; k++) {
            const float *w = scratch + k * s->inputs * MK_PANEL;
            size_t place = (panel * s->taps + k) * MK_PANEL;
            float inverse[MK_PANEL], most[MK_PANEL], sum[MK_PANEL];
            if (!measure(w, s->inputs, s->inputs, most, sum)) return 0;
            for (size_t o = 0; o < MK_PANEL; o++) {
                scales[place + o] = most[o] / MK_S16_LEVELS * 256;
                inverse[o] = inverse_of(most[o] / MK_S16_LEVELS);
            }
            int8_t *out = packed + place * words * 8;
            for (size_t i = 0; i < words * 4; i++) {
                int32_t q[MK_PANEL];
                round_row(q, w, s->inputs, i, inverse);
                int8_t *high = out + i / 4 * 8 * MK_PANEL + i % 4;
                for (size_t o = 0; o < MK_PANEL; o++) {
                    high[4 * o] = (int8_t)((q[o] + 128) >> 8);
                    high[4 * (MK_PANEL + o)] = (int8_t)q[o];
                }
            }
        }
    }
    return 1;
}

int mk_pack_q8(int8_t *packed, float *scales, float *sums, float *scratch, const mk_convolution_source *s, size_t each,
               size_t first, size_t last) {
    size_t words = (s->inputs + each - 1) / each;
    for (size_t n = first; n < last; n++) {
        size_t panel = panel_at(s, n);
        unpack(scratch, s, panel);
        for (size_t k = 0; k < s->taps; k++) {
            const float *w = scratch + k * s->inputs * MK_PANEL;
            size_t place = (panel * s->taps + k) * MK_PANEL;
            float inverse[MK_PANEL], most[MK_PANEL], sum[MK_PANEL];
            if (!measure(w, s->inputs, s->inputs, most, sum)) return 0;
            for (size_t o = 0; o < MK_PANEL; o++) {
                scales[place + o] = most[o] / 127;
                inverse[o] = inverse_of(scales[place + o]);
                sum[o] = 0;
            }
            int8_t *out = packed + place * words * each;
            for (size_t i = 0; i < words * each; i++) {
                int32_t q[MK_PANEL];
                round_row(q, w, s->inputs, i, inverse);
                for (size_t o = 0; o < MK_PANEL; o++) {
                    out[i / each * each * MK_PANEL + o * each + i % each] = (int8_t)q[o];
                    sum[o] += (float)q[o];
                }
            }
            if (sums) memcpy(sums + place, sum, sizeof sum);
        }
    }
    return 1;
}
