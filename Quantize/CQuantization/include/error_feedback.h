// int4 with errors fed on: what rounding a column does to the outputs is made good by the columns behind it, as GPTQ does
// ("GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", arXiv 2210.17323).
//
// An error e [columns] of a row costs eᵀ(XᵀX + damping·I)e, X the inputs [count, columns]. With that matrix = U·Uᵀ, U upper
// triangular, it costs Σ over k of (U[k][k]·e[k] + Σ U[i][k]·e[i] over i < k)²: whatever was done to the columns before k, it costs
// nothing more when e[k] = -Σ F[k][i]·e[i] over i < k, with F[k][i] = U[i][k] / U[k][k]. So column k is rounded from there.
#ifndef MAKIMA_ERROR_FEEDBACK_H
#define MAKIMA_ERROR_FEEDBACK_H

#include <stddef.h>
#include <stdint.h>

/// The count of inputs is a multiple of this; those that are not there are zeros.
#define MQ_FEEDBACK_LANES 16
/// Rows of weights that are rounded together.
#define MQ_FEEDBACK_ROWS 16

// F, in steps, of which each call fills rows [first, last); all rows of a step can be filled at the same time. Columns come last
// one first. The same bits on every processor.

/// The lower half of XᵀX [columns, columns] from x [columns, count].
void mq_feedback_moments(const float *x, size_t columns, size_t count, double *moments, size_t first, size_t last);

/// What to add to each column's square, `least` of their mean or more: the fewer inputs there are, the less of what they have in
/// common is more than chance. How much is found by oracle approximating shrinkage (Chen, Wiesel, Eldar, Hero: "Shrinkage
/// Algorithms for MMSE Covariance Estimation", arXiv 0907.4698). count is that of inputs without padding.
double mq_feedback_damping(const double *moments, size_t columns, size_t count, double least);

/// Columns [from, to) of L, where L·Lᵀ = moments + damping·I, in place, in rows of `first` ≥ from. Before those of `first` ≥ to,
/// rows [from, to) are filled by one call; before any, all columns before `from`.
void mq_feedback_factor(double *moments, size_t columns, double damping, size_t from, size_t to, size_t first,
                        size_t last);

/// F [columns, columns], columns in order, zero from the diagonal on.
void mq_feedback_steps(const double *factor, size_t columns, float *steps, size_t first, size_t last);

/// Rows of finite weights [rows, columns] to codes and scales as mq_int4_search gives them, found in the group as it stands when
/// its turn comes. A row whose errors leave the range of floats is rounded as mq_int4_search does. columns is a multiple of the
/// group; errors is scratch [MQ_FEEDBACK_ROWS, columns]. The same bytes on every processor.
void mq_int4_feedback(const float *weights, size_t rows, size_t columns, const float *steps, float *errors,
                      uint8_t *packed, uint16_t *scales);

#endif
