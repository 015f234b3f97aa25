// Sizes of floats that NaN takes part in: a comparison of floats would pass it over.
#ifndef MAKIMA_MAGNITUDE_H
#define MAKIMA_MAGNITUDE_H

#include "../include/kernels.h"
#include <math.h>

/// What the bits of a float say of its size: they grow with |x|, and those of infinities and NaN are the largest.
static inline uint32_t magnitude(float x) {
    union {
        float value;
        uint32_t bits;
    } u = {x};
    return u.bits & 0x7FFFFFFF;
}

/// The magnitude of infinities; those of NaN are larger.
#define INFINITE 0x7F800000

/// The step of a row's integers of which its largest value has `levels`, and 1/step, or 0 for a row that spreads too little. NaN
/// when the row holds an infinity or a NaN: then all its integers are 0.
static inline float row_step(const float *x, size_t channels, float levels, float *inverse) {
    float most = 0;
    uint32_t largest = 0;
    for (size_t c = 0; c < channels; c++)
        if (magnitude(x[c]) > largest) {
            largest = magnitude(x[c]);
            most = fabsf(x[c]);
        }
    int finite = largest < INFINITE;
    *inverse = finite && most > MK_SILENCE ? levels / most : 0;
    return finite ? most / levels : NAN;
}

#endif
