// Sums of products have one order, and nothing is contracted: see int4_codes.h.
#include "error_feedback.h"
#include "int4_codes.h"
#include <math.h>
#include <string.h>

typedef float floats __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef double doubles __attribute__((vector_size(8 * sizeof(double)), aligned(sizeof(double)), may_alias));

// n is a multiple of LANES.
INLINE float dot(const float *a, const float *b, size_t n) {
    floats sums = {0};
    for (size_t i = 0; i < n; i += LANES) sums += *(const floats *)(a + i) * *(const floats *)(b + i);
    return total((const float *)&sums);
}

INLINE double dot_doubles(const double *a, const double *b, size_t n) {
    doubles sums = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8) sums += *(const doubles *)(a + i) * *(const doubles *)(b + i);
    double sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

VERSIONS void mq_feedback_moments(const float *x, size_t columns, size_t count, double *moments, size_t first,
                                  size_t last) {
    // In tiles, whose columns stay in the cache.
    enum { TILE = 32 };
    for (size_t tile = 0; tile < last; tile += TILE)
        for (size_t i = first > tile ? first : tile; i < last; i++)
            for (size_t j = tile; j <= i && j < tile + TILE; j++)
                moments[i * columns + j] = dot(x + i * count, x + j * count, count);
}

double mq_feedback_damping(const double *moments, size_t columns, size_t count, double least) {
    double trace = 0, squares = 0, width = (double)columns;
    for (size_t i = 0; i < columns; i++) {
        const double *row = moments + i * columns;
        for (size_t j = 0; j < i; j++) squares += 2 * row[j] * row[j];
        trace += row[i];
        squares += row[i] * row[i];
    }
    double certain = ((double)count + 1 - 2 / width) * (squares - trace * trace / width);
    double chance = (1 - 2 / width) * squares + trace * trace;
    // Where nothing is certain, enough to leave every weight where it is.
    double share = chance < certain ? chance / (certain - chance) : INFINITY;
    share = share < 1e6 ? share : 1e6;
    return (share > least ? share : least) * trace / width;
}

VERSIONS void mq_feedback_factor(double *m, size_t columns, double damping, size_t from, size_t to, size_t first,
                                 size_t last) {
    for (size_t i = first; i < last; i++)
        for (size_t j = from; j < to && j <= i; j++) {
            double *row = m + i * columns, rest = row[j] - dot_doubles(row, m + j * columns, j);
            // What is left of a column without those before it is a square, and rounding cannot make it less.
            row[j] = j < i ? rest / m[j * columns + j] : sqrt((rest > 0 ? rest : 0) + damping);
        }
}

VERSIONS void mq_feedback_steps(const double *factor, size_t columns, float *steps, size_t first, size_t last) {
    for (size_t k = first; k < last; k++) {
        size_t turned = columns - 1 - k;
        for (size_t i = 0; i < columns; i++)
            steps[k * columns + i] =
                i < k ? (float)(factor[(columns - 1 - i) * columns + turned] / factor[turned * columns + turned]) : 0;
    }
}

// A group of a row, whose columns before it are rounded.
typedef struct {
    const float *weights, *steps;  // of the group's columns
    float owed[GROUP];             // what the columns before the group ask of each
} row_group;

// The weights as they stand when the group's turn comes: none of its columns is rounded, and each does what is asked of it.
INLINE void find_stand(const row_group *g, size_t columns, float *stand) {
    float errors[GROUP] = {0};
    for (size_t k = 0; k < GROUP; k++) {
        errors[k] = -(g->owed[k] + dot(g->steps + k * columns, errors, GROUP));
        stand[k] = g->weights[k] + errors[k];
    }
}

// Codes and errors of the group's columns, those of errors being zero before; 0 where a weight is no number any more.
INLINE int round_group(const row_group *g, size_t columns, float scale, float *codes, float *errors) {
    int is_finite = 1;
    for (size_t k = 0; k < GROUP; k++) {
        float stand = g->weights[k] - (g->owed[k] + dot(g->steps + k * columns, errors, GROUP));
        is_finite &= isfinite(stand) != 0;
        codes[k] = round_code(stand * (1 / scale));
        errors[k] = codes[k] * scale - g->weights[k];
    }
    return is_finite;
}

// Rounds a row from column `first` to the end of its group.
INLINE int round_row(row_group *g, size_t columns, float *errors, uint8_t *packed, uint16_t *scale) {
    float stand[GROUP], codes[GROUP];
    uint8_t unused[GROUP / 2];
    find_stand(g, columns, stand);
    mq_int4_search(stand, 1, unused, scale);
    int is_finite = round_group(g, columns, widen(*scale), codes, errors);
    pack_codes(packed, codes);
    return is_finite;
}

// So many rows together, as what is asked of a column is read once for all of them.
INLINE void round_rows(const float *w, size_t rows, size_t columns, const float *steps, float *errors, uint8_t *packed,
                       uint16_t *scales) {
    int is_finite[MQ_FEEDBACK_ROWS];
    for (size_t r = 0; r < rows; r++) is_finite[r] = 1;
    memset(errors, 0, rows * columns * sizeof *errors);
    for (size_t first = 0; first < columns; first += GROUP) {
        row_group groups[MQ_FEEDBACK_ROWS];
        for (size_t k = 0; k < GROUP; k++)
            for (size_t r = 0; r < rows; r++)
                groups[r].owed[k] = dot(steps + (first + k) * columns, errors + r * columns, first);
        for (size_t r = 0; r < rows; r++) {
            size_t at = r * columns + first;
            groups[r].weights = w + at;
            groups[r].steps = steps + first * columns + first;
            is_finite[r] &= round_row(groups + r, columns, errors + at, packed + at / 2, scales + at / GROUP);
        }
    }
    for (size_t r = 0; r < rows; r++)
        if (!is_finite[r])
            mq_int4_search(w + r * columns, columns / GROUP, packed + r * columns / 2, scales + r * columns / GROUP);
}

VERSIONS void mq_int4_feedback(const float *w, size_t rows, size_t columns, const float *steps, float *errors,
                               uint8_t *packed, uint16_t *scales) {
    for (size_t first = 0; first < rows; first += MQ_FEEDBACK_ROWS) {
        size_t count = rows - first < MQ_FEEDBACK_ROWS ? rows - first : MQ_FEEDBACK_ROWS, at = first * columns;
        round_rows(w + at, count, columns, steps, errors, packed + at / 2, scales + at / GROUP);
    }
}
