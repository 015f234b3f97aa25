// Sizes of floats that NaN takes part in: a comparison of floats would pass it over.
#ifndef MAKIMA_MAGNITUDE_H
#define MAKIMA_MAGNITUDE_H

#include <stdint.h>

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

#endif
