#include "CAAC.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

// The library's interface: voAAC.h, voAudio.h, voIndex.h, voMem.h and voType.h of libvo-aacenc-dev 0.1.3, unchanged since 2011.
// Its "32-bit" numbers are longs.
typedef unsigned long vo_number;
typedef struct { long size, flag; void *memory, *physical; } vo_memory;
typedef struct {
    vo_number (*allocate)(long id, vo_memory *memory);
    vo_number (*release)(long id, void *memory);
    vo_number (*set)(long id, void *memory, unsigned char value, vo_number size);
    vo_number (*copy)(long id, void *target, void *source, vo_number size);
    vo_number (*check)(long id, void *memory, vo_number size);
    long (*compare)(long id, void *one, void *other, vo_number size);
    vo_number (*move)(long id, void *target, void *source, vo_number size);
} vo_operators;
typedef struct { int kind; void *data; vo_number reserved[2]; } vo_start;
typedef struct { unsigned char *bytes; vo_number length; long long time; } vo_buffer;
typedef struct { long rate, channels, bits; vo_number used, reserved; } vo_output;
typedef struct { int sample_rate, bit_rate; short channels, has_headers; } vo_parameters;
typedef struct {
    vo_number (*init)(void **handle, int coding, vo_start *start);
    vo_number (*input)(void *handle, vo_buffer *input);
    vo_number (*output)(void *handle, vo_buffer *output, vo_output *information);
    vo_number (*set)(void *handle, long parameter, void *value);
    vo_number (*get)(void *handle, long parameter, void *value);
    vo_number (*uninit)(void *handle);
} vo_interface;

enum { CODING_AAC = 8, OWN_MEMORY = 0, PARAMETERS = 0x42211040 };

static vo_number allocate(long id, vo_memory *memory) {
    (void)id;
    memory->memory = malloc((size_t)memory->size);
    return memory->memory == NULL;
}
static vo_number release(long id, void *memory) { (void)id; free(memory); return 0; }
static vo_number set(long id, void *memory, unsigned char value, vo_number size) {
    (void)id; memset(memory, value, size); return 0;
}
static vo_number copy(long id, void *target, void *source, vo_number size) {
    (void)id; memcpy(target, source, size); return 0;
}
static vo_number check(long id, void *memory, vo_number size) { (void)id; (void)memory; (void)size; return 0; }
static long compare(long id, void *one, void *other, vo_number size) { (void)id; return memcmp(one, other, size); }
static vo_number move(long id, void *target, void *source, vo_number size) {
    (void)id; memmove(target, source, size); return 0;
}

struct aac_encoder {
    vo_interface calls;
    vo_operators memory;
    void *library, *handle;
};

aac_status aac_open(aac_encoder **result, int sample_rate, int bits_per_second) {
    void *library = dlopen("libvo-aacenc.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return AAC_NO_LIBRARY;
    int (*interface)(vo_interface *) = (int (*)(vo_interface *))dlsym(library, "voGetAACEncAPI");
    aac_encoder *encoder = calloc(1, sizeof *encoder);
    if (interface == NULL || encoder == NULL) {
        free(encoder);
        dlclose(library);
        return AAC_NO_LIBRARY;
    }
    encoder->library = library;
    encoder->memory = (vo_operators){allocate, release, set, copy, check, compare, move};
    interface(&encoder->calls);
    vo_start start = {.kind = OWN_MEMORY, .data = &encoder->memory};
    vo_parameters parameters = {sample_rate, bits_per_second, 1, 1};
    if (encoder->calls.init(&encoder->handle, CODING_AAC, &start) != 0
        || encoder->calls.set(encoder->handle, PARAMETERS, &parameters) != 0) {
        aac_close(encoder);
        return AAC_REFUSED;
    }
    *result = encoder;
    return AAC_READY;
}

int aac_encode(aac_encoder *encoder, const int16_t *samples, uint8_t *frame) {
    vo_buffer input = {.bytes = (unsigned char *)samples, .length = AAC_FRAME * sizeof *samples};
    vo_buffer output = {.bytes = frame, .length = AAC_LARGEST_FRAME};
    vo_output information = {0};
    if (encoder->calls.input(encoder->handle, &input) != 0) return -1;
    if (encoder->calls.output(encoder->handle, &output, &information) != 0) return -1;
    return (int)output.length;
}

void aac_close(aac_encoder *encoder) {
    if (encoder->handle != NULL) encoder->calls.uninit(encoder->handle);
    dlclose(encoder->library);
    free(encoder);
}
