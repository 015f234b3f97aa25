// The convolution of seven taps by Winograd's transform: what the operation means.
#include "../winograd.h"
#include "scalar.h"
#include <math.h>

/// A tile's inputs of one channel, `stride` apart, to what they are at the points, `plane` apart.
static void transform(float *v, size_t plane, const float *x, size_t stride) {
    float zero = winograd_ends[0] * x[0], infinity = winograd_ends[0] * x[stride];
    for (size_t i = 1; i < 6; i++) {
        zero = fmaf(winograd_ends[i], x[2 * i * stride], zero);
        infinity = fmaf(winograd_ends[i], x[(2 * i + 1) * stride], infinity);
    }
    v[0] = zero;
    v[(MK_WINOGRAD_POINTS - 1) * plane] = infinity;
    for (size_t pair = 0; pair < WINOGRAD_PAIRS; pair++) {
        float even = winograd_even[pair][0] * x[2 * stride], odd = winograd_odd[pair][0] * x[stride];
        for (size_t i = 1; i < 5; i++) {
            even = fmaf(winograd_even[pair][i], x[(2 * i + 2) * stride], even);
            odd = fmaf(winograd_odd[pair][i], x[(2 * i + 1) * stride], odd);
        }
        v[(2 * pair + 1) * plane] = even + odd;
        v[(2 * pair + 2) * plane] = even - odd;
    }
}

/// Output j from the products at the points.
static float output(const float *m, float bias, size_t j) {
    float sum = bias + (j == 0 ? m[0] : j == MK_WINOGRAD_OUTPUTS - 1 ? m[MK_WINOGRAD_POINTS - 1] : 0);
    for (size_t pair = 0; pair < WINOGRAD_PAIRS; pair++) {
        float plus = m[2 * pair + 1], minus = m[2 * pair + 2];
        sum = fmaf(winograd_powers[pair][j], j % 2 ? plus - minus : plus + minus, sum);
    }
    return sum;
}

void mk_scalar_conv_winograd(float *y, size_t ystride, const float *x, size_t xstride,
                             const mk_winograd_convolution *c, float *scratch, size_t from, size_t to, size_t first,
                             size_t last) {
    for (size_t tile = from; tile < to; tile++) {
        winograd_tile place = winograd_find(c, tile);
        for (size_t i = 0; i < c->inputs; i++)
            transform(scratch + i, c->inputs, x + place.row * xstride + i, c->dilation * xstride);
        for (size_t o = first * MK_PANEL; o < last * MK_PANEL && o < c->outputs; o++) {
            float m[MK_WINOGRAD_POINTS] = {0};
            for (size_t p = 0; p < MK_WINOGRAD_POINTS; p++) {
                const float *v = scratch + p * c->inputs;
                const float *w = c->weights + (o / MK_PANEL * MK_WINOGRAD_POINTS + p) * c->inputs * MK_PANEL + o % MK_PANEL;
                for (size_t i = 0; i < c->inputs; i++) m[p] = fmaf(w[i * MK_PANEL], v[i], m[p]);
            }
            for (size_t j = place.skip; j < MK_WINOGRAD_OUTPUTS; j++)
                y[(place.row + j * c->dilation) * ystride + o] = output(m, c->bias[o], j);
        }
    }
}
