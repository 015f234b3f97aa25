// The transform behind conv_winograd: six outputs of seven taps are polynomial products, evaluated at 0, ±1, ±2, ±1/2, ±3/2,
// ±2/3 and infinity, so that twelve multiplications do the work of 42. What the numbers mean: for weights w and inputs x
//   y[j] = Σ_p A[p][j] · (Σ_k G[p][k]·w[k]) · (Σ_i B[p][i]·x[i]) = Σ_k w[k]·x[j + k]
// in exact arithmetic. Rows of B and columns of A are scaled by powers of two to a size near 1, G makes up for that. Points
// ±p come in pairs, 2n + 1 and 2n + 2 of twelve: their sums over even i are equal, those over odd i opposite.
#ifndef MAKIMA_WINOGRAD_H
#define MAKIMA_WINOGRAD_H

#include "include/kernels.h"

enum { WINOGRAD_PAIRS = (MK_WINOGRAD_POINTS - 2) / 2 };

/// B at 0 for even inputs, and at infinity for odd ones.
static const float winograd_ends[6] = {-0.03125f,     0.248263889f,  -0.637369792f,
                                       0.637369792f, -0.248263889f, 0.03125f};
/// B of a pair's positive point for inputs 2, 4, 6, 8, 10 and for 1, 3, 5, 7, 9.
static const float winograd_even[WINOGRAD_PAIRS][5] = {
    {0.03125f, -0.217013889f, 0.420355903f, -0.217013889f, 0.03125f},
    {0.015625f, -0.120225694f, 0.288628472f, -0.246527778f, 0.0625f},
    {0.125f, -0.493055556f, 0.577256944f, -0.240451389f, 0.03125f},
    {0.0277777778f, -0.208333333f, 0.473958333f, -0.355902778f, 0.0625f},
    {0.0703125f, -0.400390625f, 0.533203125f, -0.234375f, 0.03125f},
};
static const float winograd_odd[WINOGRAD_PAIRS][5] = {
    {0.03125f, -0.217013889f, 0.420355903f, -0.217013889f, 0.03125f},
    {0.03125f, -0.240451389f, 0.577256944f, -0.493055556f, 0.125f},
    {0.0625f, -0.246527778f, 0.288628472f, -0.120225694f, 0.015625f},
    {0.0416666667f, -0.3125f, 0.7109375f, -0.533854167f, 0.09375f},
    {0.046875f, -0.266927083f, 0.35546875f, -0.15625f, 0.0208333333f},
};
/// A of a pair's positive point.
static const float winograd_powers[WINOGRAD_PAIRS][MK_WINOGRAD_OUTPUTS] = {
    {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f},
    {0.03125f, 0.0625f, 0.125f, 0.25f, 0.5f, 1},
    {1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f},
    {0.125f, 0.1875f, 0.28125f, 0.421875f, 0.6328125f, 0.94921875f},
    {1, 0.666666667f, 0.444444444f, 0.296296296f, 0.197530864f, 0.131687243f},
};

/// A tile is six outputs, a dilation apart from each other.
typedef struct {
    size_t row;   // of the first output
    size_t skip;  // so many of its outputs are another tile's to write
} winograd_tile;

static inline winograd_tile winograd_find(const mk_winograd_convolution *c, size_t tile) {
    size_t length = MK_WINOGRAD_OUTPUTS * c->dilation, blocks = (c->period + length - 1) / length;
    size_t inside = tile % (blocks * c->dilation), start = inside / c->dilation * length;
    // The last tiles of a period end with it, and so reach back into those before.
    size_t back = start + length > c->period ? start + length - c->period : 0, lane = inside % c->dilation;
    size_t skip = lane < back ? (back - lane + c->dilation - 1) / c->dilation : 0;
    return (winograd_tile){tile / (blocks * c->dilation) * c->period + start - back + lane, skip};
}

#endif
