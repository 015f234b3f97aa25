// The transform behind conv_winograd: outputs of a few taps are products of polynomials, evaluated at 0, some pairs of points
// and infinity, so that a multiplication for each point does the work of outputs · taps. What the numbers mean: for weights w
// and inputs x
//   y[j] = Σ_p A[p][j] · (Σ_k G[p][k]·w[k]) · (Σ_i B[p][i]·x[i]) = Σ_k w[k]·x[j + k]
// in exact arithmetic. Rows of B and columns of A are scaled by powers of two to a size near 1, G makes up for that. Points
// ±p come in pairs, 2n + 1 and 2n + 2 of all: their sums over even i are equal, those over odd i opposite.
#ifndef MAKIMA_WINOGRAD_H
#define MAKIMA_WINOGRAD_H

#include "include/kernels.h"

enum { WINOGRAD_PAIRS = (MK_WINOGRAD_POINTS - 2) / 2, WINOGRAD_OUTPUTS = 10 };  // at most

/// `outputs` of `taps` taps at 2 + 2·pairs points.
typedef struct {
    size_t outputs, taps, pairs;
    /// B at 0 for even inputs, and at infinity for odd ones. Its first and last number divide G's.
    float ends[WINOGRAD_PAIRS + 1];
    /// B of a pair's positive point for inputs 2, 4, … and for 1, 3, ….
    float even[WINOGRAD_PAIRS][WINOGRAD_PAIRS], odd[WINOGRAD_PAIRS][WINOGRAD_PAIRS];
    /// A of a pair's positive point.
    float powers[WINOGRAD_PAIRS][WINOGRAD_OUTPUTS];
    /// What a pair's positive point multiplies tap 0 with, and the point, whose powers the other taps follow.
    double factors[WINOGRAD_PAIRS], points[WINOGRAD_PAIRS];
} winograd_form;

static const winograd_form winograd_forms[] = {
    {
        .outputs = 10, .taps = 7, .pairs = 7,
        .ends = {0.001953125f, -0.0461968316f, 0.276279873f, -0.632555856f, 0.632555856f, -0.276279873f,
            0.0461968316f, -0.001953125f},
        .even = {{0.00390625f, -0.0884874132f, 0.464072333f, -0.801039378f, 0.464072333f, -0.0884874132f, 0.00390625f},
                 {0.0009765625f, -0.0228542752f, 0.132426368f, -0.283171336f, 0.245485094f, -0.0767686632f, 0.00390625f},
                 {0.0078125f, -0.153537326f, 0.490970188f, -0.566342672f, 0.264852736f, -0.0457085503f, 0.001953125f},
                 {0.00219726562f, -0.0507354736f, 0.282276154f, -0.552845001f, 0.400650024f, -0.0854492188f,
                    0.00390625f},
                 {0.00694444444f, -0.151909722f, 0.71226671f, -0.982835558f, 0.501824273f, -0.0901963976f, 0.00390625f},
                 {0.00048828125f, -0.0115186903f, 0.0683500502f, -0.153867086f, 0.148522271f, -0.0597873264f,
                    0.0078125f},
                 {0.03125f, -0.239149306f, 0.594089084f, -0.615468343f, 0.273400201f, -0.0460747613f, 0.001953125f}},
        .odd = {{0.00390625f, -0.0884874132f, 0.464072333f, -0.801039378f, 0.464072333f, -0.0884874132f, 0.00390625f},
                 {0.001953125f, -0.0457085503f, 0.264852736f, -0.566342672f, 0.490970188f, -0.153537326f, 0.0078125f},
                 {0.00390625f, -0.0767686632f, 0.245485094f, -0.283171336f, 0.132426368f, -0.0228542752f, 0.0009765625f},
                 {0.0029296875f, -0.0676472982f, 0.376368205f, -0.737126668f, 0.534200033f, -0.113932292f,
                    0.00520833333f},
                 {0.00520833333f, -0.113932292f, 0.534200033f, -0.737126668f, 0.376368205f, -0.0676472982f,
                    0.0029296875f},
                 {0.001953125f, -0.0460747613f, 0.273400201f, -0.615468343f, 0.594089084f, -0.239149306f, 0.03125f},
                 {0.0078125f, -0.0597873264f, 0.148522271f, -0.153867086f, 0.0683500502f, -0.0115186903f,
                    0.00048828125f}},
        .powers = {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                 {0.001953125f, 0.00390625f, 0.0078125f, 0.015625f, 0.03125f, 0.0625f, 0.125f, 0.25f, 0.5f, 1},
                 {1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f, 0.015625f, 0.0078125f, 0.00390625f, 0.001953125f},
                 {0.0625f, 0.0833333333f, 0.111111111f, 0.148148148f, 0.197530864f, 0.263374486f, 0.351165981f,
                    0.468221308f, 0.624295077f, 0.832393436f},
                 {1, 0.75f, 0.5625f, 0.421875f, 0.31640625f, 0.237304688f, 0.177978516f, 0.133483887f, 0.100112915f,
                    0.0750846863f},
                 {3.81469727e-06f, 1.52587891e-05f, 6.10351562e-05f, 0.000244140625f, 0.0009765625f, 0.00390625f,
                    0.015625f, 0.0625f, 0.25f, 1},
                 {1, 0.25f, 0.0625f, 0.015625f, 0.00390625f, 0.0009765625f, 0.000244140625f, 6.10351562e-05f,
                    1.52587891e-05f, 3.81469727e-06f}},
        .points = {1, 2, 0.5, 4.0 / 3, 0.75, 4, 0.25},
        .factors = {-131072.0 / 11025, -1048576.0 / 259875, -67108864.0 / 259875, 1224440064.0 / 83208125,
            4294967296.0 / 83208125, 2097152.0 / 19840275, 8589934592.0 / 19840275},
    },
    {
        .outputs = 6, .taps = 7, .pairs = 5,
        .ends = {-0.03125f, 0.248263889f, -0.637369792f, 0.637369792f, -0.248263889f, 0.03125f},
        .even = {{0.03125f, -0.217013889f, 0.420355903f, -0.217013889f, 0.03125f},
                 {0.015625f, -0.120225694f, 0.288628472f, -0.246527778f, 0.0625f},
                 {0.125f, -0.493055556f, 0.577256944f, -0.240451389f, 0.03125f},
                 {0.0277777778f, -0.208333333f, 0.473958333f, -0.355902778f, 0.0625f},
                 {0.0703125f, -0.400390625f, 0.533203125f, -0.234375f, 0.03125f}},
        .odd = {{0.03125f, -0.217013889f, 0.420355903f, -0.217013889f, 0.03125f},
                {0.03125f, -0.240451389f, 0.577256944f, -0.493055556f, 0.125f},
                {0.0625f, -0.246527778f, 0.288628472f, -0.120225694f, 0.015625f},
                {0.0416666667f, -0.3125f, 0.7109375f, -0.533854167f, 0.09375f},
                {0.046875f, -0.266927083f, 0.35546875f, -0.15625f, 0.0208333333f}},
        .powers = {{0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f},
                   {0.03125f, 0.0625f, 0.125f, 0.25f, 0.5f, 1},
                   {1, 0.5f, 0.25f, 0.125f, 0.0625f, 0.03125f},
                   {0.125f, 0.1875f, 0.28125f, 0.421875f, 0.6328125f, 0.94921875f},
                   {1, 0.666666667f, 0.444444444f, 0.296296296f, 0.197530864f, 0.131687243f}},
        .factors = {512.0 / 25, 32.0 / 35, 2048.0 / 35, -8192.0 / 2275, -118098.0 / 2275},
        .points = {1, 2, 0.5, 1.5, 2.0 / 3},
    },
    {
        .outputs = 4, .taps = 7, .pairs = 4,
        .ends = {0.125f, -0.709201389f, 0.928819444f, -0.375868056f, 0.03125f},
        .even = {{-0.125f, 0.584201389f, -0.344618056f, 0.03125f},
                 {-0.5f, 0.836805556f, -0.368055556f, 0.03125f},
                 {-0.140625f, 0.71875f, -0.640625f, 0.0625f},
                 {-0.0277777778f, 0.154513889f, -0.189236111f, 0.0625f}},
        .odd = {{-0.125f, 0.584201389f, -0.344618056f, 0.03125f},
                {-0.25f, 0.418402778f, -0.184027778f, 0.015625f},
                {-0.1875f, 0.958333333f, -0.854166667f, 0.0833333333f},
                {-0.0833333333f, 0.463541667f, -0.567708333f, 0.1875f}},
        .powers = {{1, 1, 1, 1},
                   {1, 0.5f, 0.25f, 0.125f},
                   {0.25f, 0.333333333f, 0.444444444f, 0.592592593f},
                   {0.03125f, 0.09375f, 0.28125f, 0.84375f}},
        .factors = {24.0 / 7, -12288.0 / 1925, -52488.0 / 25025, 128.0 / 2275},
        .points = {1, 0.5, 4.0 / 3, 3},
    },
    {
        .outputs = 5, .taps = 2, .pairs = 2,
        .ends = {0.125f, -0.53125f, 0.125f},
        .even = {{-0.125f, 0.5f}, {-1, 0.25f}},
        .odd = {{-0.25f, 1}, {-0.5f, 0.125f}},
        .powers = {{0.0625f, 0.125f, 0.25f, 0.5f, 1}, {1, 0.5f, 0.25f, 0.125f, 0.0625f}},
        .factors = {16.0 / 15, -32.0 / 15},
        .points = {2, 0.5},
    },
};
enum { WINOGRAD_FORMS = sizeof winograd_forms / sizeof *winograd_forms };

static inline size_t winograd_points(const winograd_form *form) { return 2 * form->pairs + 2; }

/// The form that a convolution has; it has one.
static inline const winograd_form *winograd_form_of(size_t taps, size_t tile) {
    const winograd_form *form = winograd_forms;
    while (form->taps != taps || form->outputs != tile) form++;
    return form;
}

/// A tile's outputs lie a dilation apart from each other.
typedef struct {
    size_t row;   // of the first output
    size_t skip;  // so many of its outputs are another tile's to write
    size_t end;   // those from here on lie beyond the period
    size_t rows;  // so many of its inputs are the period's; the others count as zero
} winograd_tile;

/// Where `first` and every dilation on lies before `end`, at most so often.
static inline size_t winograd_before(size_t first, size_t end, size_t dilation, size_t most) {
    size_t count = (end - first + dilation - 1) / dilation;
    return count < most ? count : most;
}

static inline winograd_tile winograd_find(const mk_winograd_convolution *c, size_t tile) {
    size_t length = c->tile * c->dilation, blocks = (c->period + length - 1) / length;
    size_t inside = tile % (blocks * c->dilation), start = inside / c->dilation * length;
    // The last tiles of a period end with it, and so reach back into those before, or without any beyond it.
    size_t back = start + length > c->period ? start + length - c->period : 0, lane = inside % c->dilation;
    if (start == 0) back = 0;
    size_t skip = lane < back ? (back - lane + c->dilation - 1) / c->dilation : 0, first = start - back + lane;
    return (winograd_tile){tile / (blocks * c->dilation) * c->period + first, skip,
                           winograd_before(first, c->period, c->dilation, c->tile),
                           winograd_before(first, c->period + (c->taps - 1) * c->dilation, c->dilation,
                                           c->tile + c->taps - 1)};
}

#endif
