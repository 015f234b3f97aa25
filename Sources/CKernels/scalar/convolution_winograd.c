// A convolution by Winograd's transform: what the operation means.
#include "../winograd.h"
#include "scalar.h"
#include <math.h>

/// A tile's inputs of one channel, `stride` apart, to what they are at the points, `plane` apart. Those beyond `rows` are zero.
static void transform(float *v, size_t plane, const float *x, size_t stride, size_t rows, const winograd_form *f) {
    float in[MK_WINOGRAD_POINTS] = {0};
    for (size_t i = 0; i < rows; i++) in[i] = x[i * stride];
    float zero = f->ends[0] * in[0], infinity = f->ends[0] * in[1];
    for (size_t i = 1; i <= f->pairs; i++) {
        zero = fmaf(f->ends[i], in[2 * i], zero);
        infinity = fmaf(f->ends[i], in[2 * i + 1], infinity);
    }
    v[0] = zero;
    v[(winograd_points(f) - 1) * plane] = infinity;
    for (size_t pair = 0; pair < f->pairs; pair++) {
        float even = f->even[pair][0] * in[2], odd = f->odd[pair][0] * in[1];
        for (size_t i = 1; i < f->pairs; i++) {
            even = fmaf(f->even[pair][i], in[2 * i + 2], even);
            odd = fmaf(f->odd[pair][i], in[2 * i + 1], odd);
        }
        v[(2 * pair + 1) * plane] = even + odd;
        v[(2 * pair + 2) * plane] = even - odd;
    }
}

/// Output j from the products at the points.
static float output(const float *m, float bias, size_t j, const winograd_form *f) {
    float sum = bias + (j == 0 ? m[0] : j == f->outputs - 1 ? m[winograd_points(f) - 1] : 0);
    for (size_t pair = 0; pair < f->pairs; pair++) {
        float plus = m[2 * pair + 1], minus = m[2 * pair + 2];
        sum = fmaf(f->powers[pair][j], j % 2 ? plus - minus : plus + minus, sum);
    }
    return sum;
}

/// Σ_i w[i]·v[i] of output o at a point.
static float product(const mk_winograd_convolution *c, const float *v, size_t o, size_t point, size_t points) {
    size_t place = o / MK_PANEL * points + point, at = place * c->inputs * MK_PANEL + o % MK_PANEL;
    float sum = 0;
    for (size_t i = 0; i < c->inputs; i++, at += MK_PANEL)
        sum = fmaf(c->scales ? ((const int16_t *)c->weights)[at] : ((const float *)c->weights)[at], v[i], sum);
    return c->scales ? sum * c->scales[place * MK_PANEL + o % MK_PANEL] : sum;
}

void mk_scalar_conv_winograd(float *y, size_t ystride, const float *x, size_t xstride,
                             const mk_winograd_convolution *c, float *scratch, size_t from, size_t to, size_t first,
                             size_t last) {
    const winograd_form *form = winograd_form_of(c->taps, c->tile);
    size_t points = winograd_points(form);
    for (size_t tile = from; tile < to; tile++) {
        winograd_tile place = winograd_find(c, tile);
        for (size_t i = 0; i < c->inputs; i++)
            transform(scratch + i, c->inputs, x + place.row * xstride + i, c->dilation * xstride, place.rows, form);
        for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
            float m[MK_WINOGRAD_POINTS];
            for (size_t p = 0; p < points; p++) m[p] = product(c, scratch + p * c->inputs, o, p, points);
            for (size_t j = place.skip; j < place.end; j++)
                y[(place.row + j * c->dilation) * ystride + o] = output(m, c->bias[o], j, form);
        }
    }
}
