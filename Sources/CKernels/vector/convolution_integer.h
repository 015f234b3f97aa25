// The codec's inner loops in integers. A tile of `frames` by `vectors` exact sums stays in registers for a group of inputs
// and is then added, scaled, to float sums in memory. An instruction set may define, on vectors of LANES words of four bytes,
//   DOT16(sum, w, x): sum + Σ of the two products of int16, w being SPREAD16 of the weights as they lie;
//   DOT8(sum, w, x): sum + Σ of the four products int8 · uint8, or of w · (x - DOT8_OFFSET).
#ifndef DOT16
#define DOT16(sum, w, x) ((sum) + ((w) << 16 >> 16) * ((x) << 16 >> 16) + ((w) >> 16) * ((x) >> 16))
#endif
#ifndef SPREAD16
#define SPREAD16(w) (w)
#endif
#ifndef DOT8
#define DOT8(sum, w, x)                                                                                              \
    ((sum) + ((w) << 24 >> 24) * ((x) & 255) + ((w) << 16 >> 24) * ((x) >> 8 & 255) +                                \
     ((w) << 8 >> 24) * ((x) >> 16 & 255) + ((w) >> 24) * ((x) >> 24 & 255))
#endif
#ifndef DOT8_OFFSET
#define DOT8_OFFSET 0
#endif

typedef ivec words_unaligned __attribute__((aligned(1), may_alias));

INLINE ivec word(const uint8_t *p) {
    int32_t value;
    memcpy(&value, p, 4);
    return (ivec){0} + value;
}

/// What weights and activations are stored in.
typedef enum { SHORTS, BYTES_AND_SHORTS, BYTES } integers;

/// Bytes of an output's weights that meet a word of activations.
INLINE size_t weight_size(integers kind) { return kind == BYTES_AND_SHORTS ? 2 : 4; }

INLINE ivec load_weights(const uint8_t *w, integers kind) {
    typedef int8_t narrow __attribute__((vector_size(2 * LANES), aligned(1), may_alias));
    typedef int16_t wide __attribute__((vector_size(4 * LANES)));
    if (kind == BYTES_AND_SHORTS) return (ivec)__builtin_convertvector(*(const narrow *)w, wide);
    return *(const words_unaligned *)w;
}

/// Where a tile reads: x and scales at its first row, w at the first word of its panel and lane, and what belongs to them.
typedef struct {
    const uint8_t *x, *w;
    const float *scales, *lows, *wscales, *sums;
    /// What is fetched meanwhile, as many bytes as are read of w; NULL for nothing.
    const uint8_t *next;
} integer_source;

/// Exact sums of a group of words, each from `start` of its vector.
INLINE void integer_group(ivec sum[][2], const ivec *start, const uint8_t *x, size_t row, const uint8_t *w,
                          const uint8_t *next, size_t words, size_t frames, size_t vectors, integers kind) {
    size_t each = weight_size(kind), read = vectors * each * LANES;
#pragma clang loop unroll(full)
    for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) sum[t][v] = start[v];
    for (size_t i = 0; i < words; i++, x += 4, w += each * MK_PANEL) {
        ivec weight[2];
        if (next)
            for (size_t v = 0; v < read; v += 64) __builtin_prefetch(next + i * read + v, 0, 2);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
            ivec stored = load_weights(w + v * each * LANES, kind);
            weight[v] = kind == BYTES ? stored : SPREAD16(stored);
        }
#pragma clang loop unroll(full)
        for (size_t t = 0; t < frames; t++) {
            ivec value = word(x + t * row);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                sum[t][v] = kind == BYTES ? DOT8(sum[t][v], weight[v], value) : DOT16(sum[t][v], weight[v], value);
        }
    }
}

/// Adds the products of a tap to `total`.
INLINE void integer_tap(vec total[][2], integer_source s, const mk_integer_convolution *c, size_t stride, size_t k,
                        size_t frames, size_t vectors, integers kind) {
    size_t row = k * c->dilation, group = kind == BYTES ? c->words : MK_Q16_GROUP / 2;
    ivec first[2] = {0};
    vec wscale[2], shift[2];
#pragma clang loop unroll(full)
    for (size_t v = 0; v < vectors; v++) {
        wscale[v] = load(s.wscales + k * MK_PANEL + v * LANES);
        if (kind != BYTES) continue;
        vec sums = load(s.sums + k * MK_PANEL + v * LANES);
        shift[v] = sums * wscale[v];
        if (DOT8_OFFSET != 0) first[v] = __builtin_convertvector(sums, ivec) * DOT8_OFFSET;
    }
    for (size_t start = 0; start < c->words; start += group) {
        ivec sum[CONV_FRAMES][2];
        size_t words = c->words - start < group ? c->words - start : group, at = k * c->words + start;
        integer_group(sum, first, s.x + row * stride + start * 4, c->step * stride,
                      s.w + at * weight_size(kind) * MK_PANEL,
                      s.next ? s.next + at * weight_size(kind) * vectors * LANES : NULL, words, frames, vectors, kind);
#pragma clang loop unroll(full)
        for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                total[t][v] = fma_(__builtin_convertvector(sum[t][v], vec) * wscale[v],
                                   fill(s.scales[row + t * c->step]), total[t][v]);
    }
    if (kind == BYTES)
#pragma clang loop unroll(full)
        for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                total[t][v] = fma_(shift[v], fill(s.lows[row + t * c->step]), total[t][v]);
}

INLINE void integer_tile(float *y, size_t ystride, integer_source s, const mk_integer_convolution *c, size_t stride,
                         const float *bias, size_t width, int accumulate, size_t frames, size_t vectors,
                         integers kind) {
    vec total[CONV_FRAMES][2] = {0};
    // What is added to lies a row apart, which no prefetcher foresees, and is needed at the end only.
    if (accumulate)
#pragma clang loop unroll(full)
        for (size_t t = 0; t < frames; t++)
            for (size_t v = 0; v < vectors * LANES; v += 16) __builtin_prefetch(y + t * ystride + v, 1);
    for (size_t k = 0; k < c->taps; k++) integer_tap(total, s, c, stride, k, frames, vectors, kind);
#pragma clang loop unroll(full)
    for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) {
            float *out = y + t * ystride + v * LANES;
            vec result = total[t][v] + load(bias + v * LANES);
            if (accumulate) result = load_part(out, width - v * LANES) + result;
            store_part(out, result, width - v * LANES);
        }
}

INLINE void integer_columns(float *y, size_t ystride, const mk_integer_rows *x, integer_source s,
                            const mk_integer_convolution *c, size_t o, size_t width, size_t count, int accumulate,
                            size_t vectors, integers kind) {
    size_t t = 0, stride = x->words * 4;
#define TILES(frames)                                                                                                \
    for (; t + (frames) <= count; t += (frames)) {                                                                   \
        integer_source at = s;                                                                                       \
        at.x += t * c->step * stride;                                                                                \
        at.scales += t * c->step;                                                                                    \
        if (kind == BYTES) at.lows += t * c->step;                                                                   \
        if (t > 0) at.next = NULL;                                                                                   \
        integer_tile(y + t * ystride + o, ystride, at, c, stride, c->bias + o, width, accumulate, frames, vectors,   \
                     kind);                                                                                          \
    }
    TILES(CONV_FRAMES)
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

INLINE void integer_panels(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                           size_t count, size_t first, size_t last, int accumulate, integers kind) {
    size_t each = weight_size(kind), panel_size = c->taps * c->words * MK_PANEL * each;
    for (size_t panel = first; panel < last; panel++)
        for (size_t part = 0; part < MK_PANEL; part += 2 * LANES) {
            size_t o = panel * MK_PANEL + part, taps = panel * c->taps * MK_PANEL + part;
            if (o >= c->outputs) break;
            size_t width = c->outputs - o < 2 * LANES ? c->outputs - o : 2 * LANES;
            const uint8_t *w = (const uint8_t *)c->weights + panel * panel_size;
            // The first rows of each part of a panel fetch as much of the next one, in the order in which it lies: reading takes
            // no time of its own as long as computing takes longer.
            const uint8_t *next = w + panel_size + panel_size / MK_PANEL * part;
            integer_source s = {x->values, w + part * each, x->scales, x->lows, c->scales + taps,
                                kind == BYTES ? c->sums + taps : NULL, next};
            if (width > LANES) integer_columns(y, ystride, x, s, c, o, width, count, accumulate, 2, kind);
            else integer_columns(y, ystride, x, s, c, o, width, count, accumulate, 1, kind);
        }
}

static void conv_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                     size_t first, size_t last, int accumulate) {
    integer_panels(y, ystride, x, c, count, first, last, accumulate, SHORTS);
}

static void conv_q8_q16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    integer_panels(y, ystride, x, c, count, first, last, accumulate, BYTES_AND_SHORTS);
}

static void conv_q8(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                    size_t first, size_t last, int accumulate) {
    integer_panels(y, ystride, x, c, count, first, last, accumulate, BYTES);
}

// ---- activations to integers ----

typedef int16_t shorts __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint8_t ubytes __attribute__((vector_size(LANES), aligned(1), may_alias));

/// The scale of a row whose largest magnitude has these bits, NaN where it is not finite, and what makes integers up to ±levels of
/// its values.
INLINE float row_inverse(float *scale, int32_t bits, float levels) {
    float most;
    memcpy(&most, &bits, 4);
    int finite = bits < INFINITE;
    *scale = finite ? most / levels : __builtin_nanf("");
    return finite && most > MK_SILENCE ? levels / most : 0;
}

/// `bits` are those of the largest magnitude.
INLINE void row_to_q16(int16_t *q, float *scale, const float *x, size_t channels, int32_t bits) {
    float inverse = row_inverse(scale, bits, MK_Q16_LEVELS);
    if (bits >= INFINITE) {
        memset(q, 0, (channels + 1) / 2 * 4);
        return;
    }
#define TO_Q16(x) __builtin_convertvector(__builtin_convertvector(__builtin_elementwise_rint((x) * inverse), ivec), shorts)
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES) *(shorts *)(q + c) = TO_Q16(load(x + c));
    if (c < channels) {
        shorts part = TO_Q16(load_part(x + c, channels - c));
        memcpy(q + c, &part, (channels - c) * sizeof(int16_t));
    }
#undef TO_Q16
    if (channels % 2) q[channels] = 0;
}

static void quantize_q16(int16_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++) {
        const float *row = x + t * xstride;
        row_to_q16(q + t * ((channels + 1) / 2 * 2), scales + t, row, channels, largest_magnitude(row, channels));
    }
}

static void snake_q16(int16_t *q, float *scales, const float *x, const float *alpha, const float *inverse_beta,
                      float *scratch, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++) {
        int32_t largest = snake_row(scratch, x + t * channels, alpha, inverse_beta, channels);
        row_to_q16(q + t * ((channels + 1) / 2 * 2), scales + t, scratch, channels, largest);
    }
}

/// `bits` are those of the largest magnitude.
INLINE void row_to_q8(uint8_t *q, float *scale, float *low, const float *x, size_t channels, int32_t bits) {
    vec least = fill(x[0]), most = least;
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        vec value = load(x + c);
        least = choose(value < least, value, least);
        most = choose(value > most, value, most);
    }
    if (c < channels) {
        // The first value stands for those beyond the last.
        vec value = load_part(x + c, channels - c);
        for (size_t i = channels - c; i < LANES; i++) value[i] = x[0];
        least = choose(value < least, value, least);
        most = choose(value > most, value, most);
    }
    float bottom = __builtin_reduce_min(least), top = __builtin_reduce_max(most);
    float range = top - bottom;
    int finite = bits < INFINITE && range < __builtin_inff();
    float inverse = finite && range > MK_SILENCE ? 255 / range : 0;
    *scale = finite ? range / 255 : __builtin_nanf("");
    *low = bottom;
    if (!finite) {
        memset(q, 0, (channels + 3) / 4 * 4);
        return;
    }
#define TO_Q8(x)                                                                                                     \
    __builtin_convertvector(__builtin_convertvector(__builtin_elementwise_rint(((x) - bottom) * inverse), ivec), ubytes)
    for (c = 0; c + LANES <= channels; c += LANES) *(ubytes *)(q + c) = TO_Q8(load(x + c));
    if (c < channels) {
        ubytes part = TO_Q8(load_part(x + c, channels - c));
        memcpy(q + c, &part, channels - c);
    }
#undef TO_Q8
    for (c = channels; c % 4; c++) q[c] = 0;
}

static void snake_q8(uint8_t *q, float *scales, float *lows, const float *x, const float *alpha,
                     const float *inverse_beta, float *scratch, size_t count, size_t channels) {
    for (size_t t = 0; t < count; t++) {
        int32_t largest = snake_row(scratch, x + t * channels, alpha, inverse_beta, channels);
        row_to_q8(q + t * ((channels + 3) / 4 * 4), scales + t, lows + t, scratch, channels, largest);
    }
}
