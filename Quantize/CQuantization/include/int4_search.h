// The search of int4 scales, in C so that the compiler makes vectors of it. With errors fed on: error_feedback.h.
#ifndef MAKIMA_INT4_SEARCH_H
#define MAKIMA_INT4_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/// Values of one group share a scale.
#define MQ_INT4_GROUP 32

/// For each group of finite x: the bfloat16 scale and the codes -8…7 with the smallest squared error found, codes plus 8,
/// two a byte, the first in the low half. packed[16 · groups], scales[groups]. The same bytes on every processor.
void mq_int4_search(const float *x, size_t groups, uint8_t *packed, uint16_t *scales);

#endif
