// Integer convolutions of 16 bits by products of bytes, for layers of few rows. An instruction set may define SPLIT_SUM and
//   split_sum                              exact sums of LANES outputs
//   split_word(q)                          a word of activations as split_add wants it
//   split_add(sum, w, qh, ql)              sum with 65536·w·qh + 256·w·ql of a word of weights and a word of activations
//   split_add_low(sum, wl, qh, ql)         sum with 256·wl·qh + wl·ql of low bytes of weights
//   split_total(sum)                       all of them in steps of 256, to the nearest
// and SPLIT_VECTORS, how many vectors four rows of sums stay in registers for.
#ifndef SPLIT_SUM
typedef struct {
    ivec high, middle, low;
} split_sum;

INLINE ivec split_word(const int8_t *q) { return word((const uint8_t *)q); }

INLINE ivec split_dot(ivec sum, ivec w, ivec q) {
    return sum + (w << 24 >> 24) * (q << 24 >> 24) + (w << 16 >> 24) * (q << 16 >> 24) +
           (w << 8 >> 24) * (q << 8 >> 24) + (w >> 24) * (q >> 24);
}

INLINE split_sum split_add(split_sum s, ivec w, ivec qh, ivec ql) {
    return (split_sum){split_dot(s.high, w, qh), split_dot(s.middle, w, ql), s.low};
}

INLINE split_sum split_add_low(split_sum s, ivec wl, ivec qh, ivec ql) {
    return (split_sum){s.high, split_dot(s.middle, wl, qh), split_dot(s.low, wl, ql)};
}

INLINE ivec split_total(split_sum s) { return (s.high << 8) + s.middle + ((s.low + 128) >> 8); }

#define SPLIT_VECTORS 1
#endif

/// With few rows the weights are all there is to wait for, and the processor's own prefetcher stops at every page.
#define FEW_ROWS 4
#define FETCH_AHEAD 8192

#define SPLIT_ROWS 4
#define SPLIT_WIDE (2 * SPLIT_VECTORS)

/// Exact sums of a group of words; q is of the first row, `row` and `plane` bytes lie between rows and to the low bytes. Weights
/// have `planes` bytes.
INLINE void split_group(split_sum sum[][SPLIT_WIDE], const int8_t *q, size_t row, size_t plane, const int8_t *w,
                        size_t ahead, size_t words, size_t frames, size_t vectors, size_t planes) {
    UNROLL for (size_t t = 0; t < frames; t++) UNROLL for (size_t v = 0; v < vectors; v++) sum[t][v] = (split_sum){0};
    for (size_t i = 0; i < words; i++, q += 4, w += 4 * planes * MK_PANEL) {
        ivec high[SPLIT_WIDE], low[SPLIT_WIDE];
        if (ahead) {
            __builtin_prefetch(w + ahead);
            if (planes == 2) __builtin_prefetch(w + ahead + 4 * MK_PANEL);
        }
        UNROLL for (size_t v = 0; v < vectors; v++) {
            high[v] = *(const words_unaligned *)(w + 4 * v * LANES);
            if (planes == 2) low[v] = *(const words_unaligned *)(w + 4 * (MK_PANEL + v * LANES));
        }
        UNROLL for (size_t t = 0; t < frames; t++) {
            ivec qh = split_word(q + t * row), ql = split_word(q + t * row + plane);
            UNROLL for (size_t v = 0; v < vectors; v++) {
                sum[t][v] = split_add(sum[t][v], high[v], qh, ql);
                if (planes == 2) sum[t][v] = split_add_low(sum[t][v], low[v], qh, ql);
            }
        }
    }
}

/// Rows from t on of a panel's outputs. Each group of inputs meets all outputs before the next one does, so that weights pass
/// once, in the order they lie in.
INLINE void split_panel(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t t,
                        size_t panel, int accumulate, size_t ahead, size_t frames, size_t vectors, size_t planes) {
    size_t row = x->words * 4, plane = c->words * 4, o = panel * MK_PANEL;
    size_t width = c->outputs - o < MK_PANEL ? c->outputs - o : MK_PANEL, wide = (width + LANES - 1) / LANES;
    vec total[SPLIT_ROWS][MK_PANEL / LANES] = {0};
    for (size_t k = 0; k < c->taps; k++) {
        size_t at = t * c->step + k * c->dilation, place = panel * c->taps + k;
        const int8_t *q = (const int8_t *)x->values + at * row;
        const int8_t *w = (const int8_t *)c->weights + place * plane * planes * MK_PANEL;
        for (size_t start = 0; start < c->words; start += MK_S16_GROUP / 4) {
            size_t words = c->words - start < MK_S16_GROUP / 4 ? c->words - start : MK_S16_GROUP / 4;
            for (size_t v = 0; v < wide; v += vectors) {
                split_sum sum[SPLIT_ROWS][SPLIT_WIDE];
                split_group(sum, q + start * 4, c->step * row, plane, w + 4 * (start * planes * MK_PANEL + v * LANES),
                            ahead, words, frames, vectors, planes);
                UNROLL for (size_t i = 0; i < frames; i++) UNROLL for (size_t j = 0; j < vectors; j++)
                    total[i][v + j] = fma_(__builtin_convertvector(split_total(sum[i][j]), vec) *
                                               load(c->scales + place * MK_PANEL + (v + j) * LANES),
                                           fill(x->scales[at + i * c->step]), total[i][v + j]);
            }
        }
    }
    for (size_t v = 0; v < wide; v++) UNROLL for (size_t i = 0; i < frames; i++) {
        float *out = y + (t + i) * ystride + o + v * LANES;
        vec result = total[i][v] + load(c->bias + o + v * LANES);
        if (accumulate) result = load_part(out, width - v * LANES) + result;
        store_part(out, result, width - v * LANES);
    }
}

INLINE void split_panels(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                         size_t count, size_t first, size_t last, int accumulate, size_t planes) {
    // With few rows the weights are what is waited for; of many, those of a panel stay in the cache for all rows.
    size_t ahead = count <= FEW_ROWS ? FETCH_AHEAD : 0;
    for (size_t panel = first; panel < last; panel++) {
        size_t t = 0;
        for (; t + SPLIT_ROWS <= count; t += SPLIT_ROWS)
            split_panel(y, ystride, x, c, t, panel, accumulate, ahead, SPLIT_ROWS, SPLIT_VECTORS, planes);
        for (; t + 2 <= count; t += 2)
            split_panel(y, ystride, x, c, t, panel, accumulate, ahead, 2, SPLIT_WIDE, planes);
        if (t < count) split_panel(y, ystride, x, c, t, panel, accumulate, ahead, 1, SPLIT_WIDE, planes);
    }
}

static void conv_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                     size_t first, size_t last, int accumulate) {
    split_panels(y, ystride, x, c, count, first, last, accumulate, 2);
}

static void conv_q8_s16(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate) {
    split_panels(y, ystride, x, c, count, first, last, accumulate, 1);
}

typedef int8_t split_bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

/// LANES numbers of two bytes, `plane` apart, of which the first `width` are stored.
INLINE void split_store(int8_t *q, size_t plane, vec x, float inverse, size_t width) {
    ivec value = __builtin_convertvector(__builtin_elementwise_rint(x * inverse), ivec);
    split_bytes high = __builtin_convertvector((value + 128) >> 8, split_bytes);
    split_bytes low = __builtin_convertvector(value, split_bytes);
    memcpy(q, &high, width);
    memcpy(q + plane, &low, width);
}

static void quantize_s16(int8_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels) {
    size_t plane = (channels + 3) / 4 * 4;
    for (size_t t = 0; t < count; t++, x += xstride, q += 2 * plane) {
        int32_t bits = largest_magnitude(x, channels);
        float inverse = row_inverse(scales + t, bits, MK_S16_LEVELS);
        if (bits >= INFINITE) {
            memset(q, 0, 2 * plane);
            continue;
        }
        size_t c = 0;
        for (; c + LANES <= channels; c += LANES) split_store(q + c, plane, load(x + c), inverse, LANES);
        if (c < channels) split_store(q + c, plane, load_part(x + c, channels - c), inverse, plane - c);
    }
}
