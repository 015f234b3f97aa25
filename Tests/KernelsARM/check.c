// The program: every instruction set this processor has against the definition, in C alone, so that an emulator of a
// foreign processor can run it.
#include "check.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 64 };
static const char *current_isa = "", *current_operation = "";
static int failures;

void check_begin(const char *isa, const char *operation) {
    if (isa) current_isa = isa;
    current_operation = operation;
}

static void fail(const char *what, size_t index, double got, double wanted) {
    failures++;
    printf("%s %s: %s at %zu: %.9g, expected %.9g\n", current_isa, current_operation, what, index, got, wanted);
}

typedef struct {
    size_t bytes;
    size_t offset;  // of the elements from the start of the allocation
} header;

void *guarded(size_t count, size_t size) {
    size_t bytes = count * size, offset = sizeof(header) + GUARD + size;
    uint8_t *memory = malloc(offset + bytes + GUARD);
    if (!memory) abort();
    memset(memory, 0xA5, offset + bytes + GUARD);
    memcpy(memory, &(header){bytes, offset}, sizeof(header));
    memcpy(memory + offset - sizeof(size_t), &offset, sizeof(size_t));
    return memory + offset;
}

void check_guards(void *elements) {
    size_t offset;
    memcpy(&offset, (uint8_t *)elements - sizeof(size_t), sizeof(size_t));
    uint8_t *memory = (uint8_t *)elements - offset;
    header h;
    memcpy(&h, memory, sizeof(header));
    for (size_t i = sizeof(header); i < offset - sizeof(size_t); i++)
        if (memory[i] != 0xA5) fail("wrote before the output", offset - i, memory[i], 0xA5);
    for (size_t i = 0; i < GUARD; i++)
        if (memory[h.offset + h.bytes + i] != 0xA5) fail("wrote behind the output", i, memory[h.offset + h.bytes + i], 0xA5);
    free(memory);
}

static uint64_t state = 0x9E3779B97F4A7C15;

uint32_t noise(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

float *noise_floats(size_t count, float scale) {
    float *values = guarded(count, sizeof(float));
    for (size_t i = 0; i < count; i++) values[i] = ((float)(noise() % 65537) / 32768 - 1) * scale;
    return values;
}

int8_t *noise_bytes(size_t count) {
    int8_t *values = guarded(count, 1);
    for (size_t i = 0; i < count; i++) values[i] = (int8_t)noise();
    return values;
}

void expect_close(const float *got, const float *wanted, size_t count, float tolerance) {
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(got[i] - wanted[i]) <= tolerance)) {
            fail("differs", i, got[i], wanted[i]);
            return;
        }
}

void expect_same(const void *got, const void *wanted, size_t bytes) {
    const uint8_t *a = got, *b = wanted;
    for (size_t i = 0; i < bytes; i++)
        if (a[i] != b[i]) {
            fail("other bits in byte", i, a[i], b[i]);
            return;
        }
}

int main(void) {
    const mk_kernels *definition = mk_kernels_at(0), *kernels;
    size_t sets = 0;
    while ((kernels = mk_kernels_at(++sets))) {
        int before = failures;
        check_begin(kernels->name, "");
        check_linear(kernels, definition);
        check_transformer(kernels, definition);
        check_convolution(kernels, definition);
        check_integer_convolution(kernels, definition);
        printf("%s: %d differences\n", kernels->name, failures - before);
    }
    if (sets == 1) printf("no instruction set but the definition: nothing was checked\n");
    return failures || sets == 1;
}
