// AAC by VisualOn's encoder, which Debian has as libvo-aacenc0. It is looked for when it is asked for, so that the program runs
// without it.

#ifndef CAAC_H
#define CAAC_H

#include <stdint.h>

/// Samples of a frame.
#define AAC_FRAME 1024
/// Samples by which the sound comes out later than it went in.
#define AAC_DELAY 1600
/// No frame of one channel has more bytes.
#define AAC_LARGEST_FRAME 2048

typedef struct aac_encoder aac_encoder;

typedef enum { AAC_READY, AAC_NO_LIBRARY, AAC_REFUSED } aac_status;

/// Makes an encoder of 16-bit mono sound into AAC-LC frames with ADTS headers. AAC_REFUSED: of no such rate.
aac_status aac_open(aac_encoder **encoder, int sample_rate, int bits_per_second);

/// Encodes AAC_FRAME samples into at most AAC_LARGEST_FRAME bytes. Returns how many they are, or -1.
int aac_encode(aac_encoder *encoder, const int16_t *samples, uint8_t *frame);

void aac_close(aac_encoder *encoder);

#endif
