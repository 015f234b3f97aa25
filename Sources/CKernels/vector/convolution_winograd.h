// A convolution by Winograd's transform. A few tiles at a time: their inputs at all points, then for each panel of outputs the
// products at each point, which conv_tile sums, and the outputs these give. The form is a constant wherever it is passed.
#include "../winograd.h"

/// LANES channels of a tile's inputs, `stride` apart, to what they are at the points, `plane` apart. Those beyond `rows` are zero.
INLINE void winograd_inputs(float *v, size_t plane, const float *x, size_t stride, size_t rows, size_t channels,
                            const winograd_form *f) {
    static const float zeros[LANES];
    vec in[MK_WINOGRAD_POINTS];
    UNROLL for (size_t i = 0; i < winograd_points(f); i++) in[i] = load_part(i < rows ? x + i * stride : zeros, channels);
    vec zero = fill_from(f->ends) * in[0], infinity = fill_from(f->ends) * in[1];
    UNROLL for (size_t i = 1; i <= f->pairs; i++) {
        zero = fma_(fill_from(f->ends + i), in[2 * i], zero);
        infinity = fma_(fill_from(f->ends + i), in[2 * i + 1], infinity);
    }
    store_part(v, zero, channels);
    store_part(v + (winograd_points(f) - 1) * plane, infinity, channels);
    UNROLL for (size_t pair = 0; pair < f->pairs; pair++) {
        vec even = fill_from(f->even[pair]) * in[2], odd = fill_from(f->odd[pair]) * in[1];
        UNROLL for (size_t i = 1; i < f->pairs; i++) {
            even = fma_(fill_from(f->even[pair] + i), in[2 * i + 2], even);
            odd = fma_(fill_from(f->odd[pair] + i), in[2 * i + 1], odd);
        }
        store_part(v + (2 * pair + 1) * plane, even + odd, channels);
        store_part(v + (2 * pair + 2) * plane, even - odd, channels);
    }
}

/// All channels of `count` tiles from number `from` on: v[point][tile][input].
INLINE void winograd_enter(float *v, const float *x, size_t xstride, const mk_winograd_convolution *c, size_t from,
                           size_t count, const winograd_form *f) {
    size_t plane = count * c->inputs, stride = c->dilation * xstride;
    for (size_t t = 0; t < count; t++) {
        winograd_tile place = winograd_find(c, from + t);
        const float *in = x + place.row * xstride;
        float *out = v + t * c->inputs;
        size_t i = 0;
        for (; i + LANES <= c->inputs; i += LANES) winograd_inputs(out + i, plane, in + i, stride, place.rows, LANES, f);
        if (i < c->inputs) winograd_inputs(out + i, plane, in + i, stride, place.rows, c->inputs - i, f);
    }
}

/// LANES outputs of a tile's rows, `stride` apart, from the products at the points, `plane` apart: rows [skip, end). Scales of
/// the points lie a panel apart, if there are any.
INLINE void winograd_outputs(float *y, size_t stride, const float *m, size_t plane, const float *bias, const float *scales,
                             winograd_tile place, size_t width, const winograd_form *f) {
    vec sum[WINOGRAD_OUTPUTS], at[MK_WINOGRAD_POINTS];
    size_t points = winograd_points(f);
    UNROLL for (size_t p = 0; p < points; p++)
        at[p] = scales ? load(m + p * plane) * load(scales + p * MK_PANEL) : load(m + p * plane);
    UNROLL for (size_t j = 0; j < f->outputs; j++) sum[j] = load(bias);
    sum[0] = sum[0] + at[0];
    sum[f->outputs - 1] = sum[f->outputs - 1] + at[points - 1];
    UNROLL for (size_t pair = 0; pair < f->pairs; pair++) {
        vec plus = at[2 * pair + 1], minus = at[2 * pair + 2];
        vec either[2] = {plus + minus, plus - minus};
        UNROLL for (size_t j = 0; j < f->outputs; j++)
            sum[j] = fma_(fill_from(f->powers[pair] + j), either[j % 2], sum[j]);
    }
    UNROLL for (size_t j = 0; j < f->outputs; j++)
        if (j >= place.skip && j < place.end) store_part(y + j * stride, sum[j], width);
}

/// The outputs of a panel from m[point][tile][MK_PANEL].
INLINE void winograd_leave(float *y, size_t ystride, const float *m, const mk_winograd_convolution *c, size_t panel,
                           size_t from, size_t count, const winograd_form *f) {
    size_t o = panel * MK_PANEL, width = c->outputs - o < MK_PANEL ? c->outputs - o : MK_PANEL;
    const float *scales = c->scales ? c->scales + winograd_points(f) * o : NULL;
    for (size_t t = 0; t < count; t++) {
        winograd_tile place = winograd_find(c, from + t);
        for (size_t part = 0; part < width; part += LANES)
            winograd_outputs(y + place.row * ystride + o + part, c->dilation * ystride, m + t * MK_PANEL + part,
                             count * MK_PANEL, c->bias + o + part, scales ? scales + part : NULL, place, width - part, f);
    }
}

/// m[t][o] = Σ_c w[c][o]·v[t][c] for `count` tiles and `vectors` vectors of outputs; weights have so many bytes.
INLINE void winograd_columns(float *m, const float *v, const void *w, size_t count, size_t inputs, size_t vectors,
                             size_t bytes) {
    static const float zeros[MK_PANEL];
    size_t t = 0;
    // A point's weights wait for memory or for a cache that is far away, half a line after the other on a processor with AVX2.
#define TILE(frames)                                                                                                 \
    (conv_tile(m + t * MK_PANEL, MK_PANEL, v + t * inputs, inputs, w, zeros, 1, inputs, 1, 0, vectors * LANES, 0,    \
               frames, vectors, bytes, LANES > 4),                                                                   \
     t += (frames))
    while (LANES != 8 && count - t >= 8) {
        // Nine or eight at a time where that leaves nothing small: 27 are 9 + 12 + 6.
        size_t rest = (count - t) % CONV_FRAMES;
        if (count - t == 8) TILE(8);
        else if (count - t < CONV_FRAMES || rest == 3 || rest == 9) TILE(9);
        else TILE(CONV_FRAMES);
    }
    while (LANES == 8 && count - t > 6) {
        // None smaller than four, whose sums would wait for one another: 27 are 6 + 6 + 6 + 5 + 4.
        size_t left = count - t;
        if (left == 7 || left == 8) TILE(4);
        else if (left == 9 || left == 10) TILE(5);
        else TILE(6);
    }
    if (LANES == 8 && count - t == 5) TILE(5);
    if (LANES == 8 && count - t == 3) TILE(3);
    while (count - t >= 6) TILE(6);
    while (count - t >= 4) TILE(4);
    while (count - t >= 2) TILE(2);
    if (count > t) TILE(1);
#undef TILE
}

/// Products of a panel at all points, m[point][tile][MK_PANEL].
INLINE void winograd_products(float *m, const float *v, const void *w, size_t points, size_t count, size_t inputs,
                              size_t width, size_t bytes) {
    for (size_t p = 0; p < points; p++, m += count * MK_PANEL, v += count * inputs)
        for (size_t part = 0; part < width; part += 2 * LANES) {
            const char *weights = (const char *)w + (p * inputs * MK_PANEL + part) * bytes;
            if (width - part > LANES) winograd_columns(m + part, v, weights, count, inputs, 2, bytes);
            else winograd_columns(m + part, v, weights, count, inputs, 1, bytes);
        }
}

static void winograd_panel(float *m, const float *v, const mk_winograd_convolution *c, size_t panel, size_t points,
                           size_t count) {
    size_t o = panel * MK_PANEL, width = c->outputs - o < MK_PANEL ? c->outputs - o : MK_PANEL, at = o * points * c->inputs;
    if (c->scales) winograd_products(m, v, (const int16_t *)c->weights + at, points, count, c->inputs, width, 2);
    else winograd_products(m, v, (const float *)c->weights + at, points, count, c->inputs, width, 4);
}

INLINE void winograd_run(float *y, size_t ystride, const float *x, size_t xstride, const mk_winograd_convolution *c,
                         float *scratch, size_t from, size_t to, size_t first, size_t last, const winograd_form *f) {
    size_t points = winograd_points(f);
    for (size_t tile = from; tile < to; tile += MK_WINOGRAD_TILES) {
        size_t count = to - tile < MK_WINOGRAD_TILES ? to - tile : MK_WINOGRAD_TILES;
        float *m = scratch + points * count * c->inputs;
        winograd_enter(scratch, x, xstride, c, tile, count, f);
        for (size_t panel = first; panel < last; panel++) {
            winograd_panel(m, scratch, c, panel, points, count);
            winograd_leave(y, ystride, m, c, panel, tile, count, f);
        }
    }
}

static void conv_winograd(float *y, size_t ystride, const float *x, size_t xstride, const mk_winograd_convolution *c,
                          float *scratch, size_t from, size_t to, size_t first, size_t last) {
    const winograd_form *form = winograd_form_of(c->taps, c->tile);
    UNROLL for (size_t i = 0; i < WINOGRAD_FORMS; i++)
        if (form == winograd_forms + i)
            winograd_run(y, ystride, x, xstride, c, scratch, from, to, first, last, winograd_forms + i);
}
