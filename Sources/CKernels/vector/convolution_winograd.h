// The convolution of seven taps by Winograd's transform. A few tiles at a time: their inputs at all points, then for each
// panel of outputs the products at each point, which conv_tile sums, and the outputs these give.
#include "../winograd.h"

/// LANES channels of a tile's inputs, `stride` apart, to what they are at the points, `plane` apart.
INLINE void winograd_inputs(float *v, size_t plane, const float *x, size_t stride, size_t channels) {
    vec in[MK_WINOGRAD_POINTS];
    UNROLL for (size_t i = 0; i < MK_WINOGRAD_POINTS; i++) in[i] = load_part(x + i * stride, channels);
    vec zero = fill_from(winograd_ends) * in[0], infinity = fill_from(winograd_ends) * in[1];
    UNROLL for (size_t i = 1; i < 6; i++) {
        zero = fma_(fill_from(winograd_ends + i), in[2 * i], zero);
        infinity = fma_(fill_from(winograd_ends + i), in[2 * i + 1], infinity);
    }
    store_part(v, zero, channels);
    store_part(v + (MK_WINOGRAD_POINTS - 1) * plane, infinity, channels);
    UNROLL for (size_t pair = 0; pair < WINOGRAD_PAIRS; pair++) {
        vec even = fill_from(winograd_even[pair]) * in[2], odd = fill_from(winograd_odd[pair]) * in[1];
        UNROLL for (size_t i = 1; i < 5; i++) {
            even = fma_(fill_from(winograd_even[pair] + i), in[2 * i + 2], even);
            odd = fma_(fill_from(winograd_odd[pair] + i), in[2 * i + 1], odd);
        }
        store_part(v + (2 * pair + 1) * plane, even + odd, channels);
        store_part(v + (2 * pair + 2) * plane, even - odd, channels);
    }
}

/// LANES outputs of a tile's rows, `stride` apart, from the products at the points, `plane` apart; all but the first `skip`.
INLINE void winograd_outputs(float *y, size_t stride, const float *m, size_t plane, const float *bias, size_t skip,
                             size_t width) {
    vec sum[MK_WINOGRAD_OUTPUTS];
    UNROLL for (size_t j = 0; j < MK_WINOGRAD_OUTPUTS; j++) sum[j] = load(bias);
    sum[0] = sum[0] + load(m);
    sum[MK_WINOGRAD_OUTPUTS - 1] = sum[MK_WINOGRAD_OUTPUTS - 1] + load(m + (MK_WINOGRAD_POINTS - 1) * plane);
    UNROLL for (size_t pair = 0; pair < WINOGRAD_PAIRS; pair++) {
        vec plus = load(m + (2 * pair + 1) * plane), minus = load(m + (2 * pair + 2) * plane);
        vec either[2] = {plus + minus, plus - minus};
        UNROLL for (size_t j = 0; j < MK_WINOGRAD_OUTPUTS; j++)
            sum[j] = fma_(fill_from(winograd_powers[pair] + j), either[j % 2], sum[j]);
    }
    UNROLL for (size_t j = 0; j < MK_WINOGRAD_OUTPUTS; j++)
        if (j >= skip) store_part(y + j * stride, sum[j], width);
}

/// m[t][o] = Σ_c w[c][o]·v[t][c] for `count` tiles and `vectors` vectors of outputs.
INLINE void winograd_columns(float *m, const float *v, const float *w, size_t count, size_t inputs, size_t vectors) {
    static const float zeros[MK_PANEL];
    size_t t = 0;
#define TILE(frames)                                                                                                 \
    (conv_tile(m + t * MK_PANEL, MK_PANEL, v + t * inputs, inputs, w, zeros, 1, inputs, 1, 0, vectors * LANES, 0,    \
               frames, vectors),                                                                                     \
     t += (frames))
    while (LANES != 8 && count - t >= 9) {
        // Nine at a time where that leaves nothing small: 27 are 9 + 12 + 6.
        size_t rest = (count - t) % CONV_FRAMES;
        if (count - t < CONV_FRAMES || rest == 3 || rest == 9) TILE(9);
        else TILE(CONV_FRAMES);
    }
    while (count - t >= 6) TILE(6);
    while (count - t >= 4) TILE(4);
    while (count - t >= 2) TILE(2);
    if (count > t) TILE(1);
#undef TILE
}

/// Products of a panel at all points, m[point][tile][MK_PANEL].
INLINE void winograd_products(float *m, const float *v, const float *w, size_t count, size_t inputs, size_t width) {
    for (size_t p = 0; p < MK_WINOGRAD_POINTS; p++, m += count * MK_PANEL, v += count * inputs, w += inputs * MK_PANEL)
        for (size_t part = 0; part < width; part += 2 * LANES) {
            if (width - part > LANES) winograd_columns(m + part, v, w + part, count, inputs, 2);
            else winograd_columns(m + part, v, w + part, count, inputs, 1);
        }
}

INLINE void winograd_panel(float *y, size_t ystride, const float *v, float *m, const mk_winograd_convolution *c,
                           size_t panel, size_t from, size_t count) {
    size_t o = panel * MK_PANEL, width = c->outputs - o < MK_PANEL ? c->outputs - o : MK_PANEL;
    winograd_products(m, v, c->weights + panel * MK_WINOGRAD_POINTS * c->inputs * MK_PANEL, count, c->inputs, width);
    for (size_t t = 0; t < count; t++) {
        winograd_tile place = winograd_find(c, from + t);
        for (size_t part = 0; part < width; part += LANES)
            winograd_outputs(y + place.row * ystride + o + part, c->dilation * ystride, m + t * MK_PANEL + part,
                             count * MK_PANEL, c->bias + o + part, place.skip, width - part);
    }
}

static void conv_winograd(float *y, size_t ystride, const float *x, size_t xstride, const mk_winograd_convolution *c,
                          float *scratch, size_t from, size_t to, size_t first, size_t last) {
    for (size_t tile = from; tile < to; tile += MK_WINOGRAD_TILES) {
        size_t count = to - tile < MK_WINOGRAD_TILES ? to - tile : MK_WINOGRAD_TILES, plane = count * c->inputs;
        for (size_t t = 0; t < count; t++) {
            const float *in = x + winograd_find(c, tile + t).row * xstride;
            float *out = scratch + t * c->inputs;
            size_t i = 0, stride = c->dilation * xstride;
            for (; i + LANES <= c->inputs; i += LANES) winograd_inputs(out + i, plane, in + i, stride, LANES);
            if (i < c->inputs) winograd_inputs(out + i, plane, in + i, stride, c->inputs - i);
        }
        for (size_t panel = first; panel < last; panel++)
            winograd_panel(y, ystride, scratch, scratch + MK_WINOGRAD_POINTS * plane, c, panel, tile, count);
    }
}
