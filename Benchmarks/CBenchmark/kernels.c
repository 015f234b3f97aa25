// Timed loops around single kernels. Matrices are taken in turn from more memory than any cache holds, as in a frame.
#include "cbenchmark.h"
#include "parallel.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum {
    F32, BF16, Q8, Q4, QUANTIZE, RMS_NORM, ROPE, SILU_MUL, ATTENTION, ATTENTION_F16, CONV_F32, DEPTHWISE, SNAKE
} operation;

typedef struct {
    operation operation;
    size_t n, rows, columns;
} test;

// Linear layers: the shapes of the released model. Attention: 600 positions. Convolutions: a block of the codec decoder.
static const test tests[] = {
    {F32, 1, 3072, 1024},   {F32, 4, 3072, 1024},   {F32, 16, 3072, 1024},
    {BF16, 1, 3072, 1024},  {BF16, 4, 3072, 1024},  {BF16, 16, 3072, 1024},
    {Q8, 1, 3072, 1024},    {Q8, 1, 1024, 3072},    {Q8, 2, 3072, 1024},   {Q8, 4, 3072, 1024},  {Q8, 16, 3072, 1024},
    {Q4, 1, 3072, 1024},    {Q4, 1, 1024, 3072},    {Q4, 2, 3072, 1024},   {Q4, 4, 3072, 1024},  {Q4, 16, 3072, 1024},
    {QUANTIZE, 1, 1, 1024}, {RMS_NORM, 1, 1, 1024}, {ROPE, 1, 16, 128},    {SILU_MUL, 1, 1, 3072},
    {ATTENTION, 2, 600, 128}, {ATTENTION_F16, 2, 600, 128}, {CONV_F32, 32, 768, 768}, {DEPTHWISE, 4, 7, 1024}, {SNAKE, 32, 1, 768},
};
static const char *const names[] = {"linear_f32", "linear_bf16", "linear_q8", "linear_q4", "quantize_q8", "rms_norm",
                                    "rope", "silu_mul", "attention", "attention_f16", "conv_f32",
                                    "conv_depthwise", "snake"};
enum { TAPS = 7, ARENA = 256 << 20 };

size_t mb_case_count(void) { return sizeof tests / sizeof *tests; }

typedef struct {
    test test;
    const mk_kernels *kernels;
    const char *weights;
    size_t bytes, at;  // of one matrix; the one in turn
    float *x, *y, *scales;
    int8_t *q;
    int32_t *sums;
    float *scratch[MB_MAX_THREADS];
} bench;

/// Numbers of ordinary size whether they are read as float32, bfloat16, half precision, bytes or nibbles.
static const char *arena(void) {
    static char *memory;
    if (memory) return memory;
    memory = mb_reserve(ARENA);
    uint64_t state = 1;
    for (size_t i = 0; i < ARENA; i += 8) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t value = (state & 0x807f807f807f807fu) | 0x3c003c003c003c00u;
        memcpy(memory + i, &value, 8);
    }
    return memory;
}

static void linear(bench *b, size_t first, size_t last) {
    const mk_kernels *k = b->kernels;
    size_t n = b->test.n, rows = b->test.rows, columns = b->test.columns;
    const void *w = b->weights + b->at * b->bytes;
    switch (b->test.operation) {
    case F32: k->linear_f32(b->y, rows, w, NULL, b->x, columns, n, columns, first, last); break;
    case BF16: k->linear_bf16(b->y, rows, w, NULL, b->x, columns, n, columns, first, last); break;
    case Q8: k->linear_q8(b->y, rows, w, b->scales, NULL, b->q, b->scales, n, columns, first, last); break;
    default: {
        const uint16_t *scales = (const uint16_t *)((const char *)w + rows * columns / 2);
        k->linear_q4(b->y, rows, w, scales, NULL, b->q, b->sums, b->scales, n, columns, first, last);
    }
    }
}

// Operations that are not split: every thread works on its own memory.
static void alone(bench *b, float *memory) {
    const mk_kernels *k = b->kernels;
    size_t n = b->test.n, rows = b->test.rows, columns = b->test.columns;
    float *y = memory + (1 << 20), scale;
    switch (b->test.operation) {
    case QUANTIZE: k->quantize_q8((int8_t *)y, &scale, memory, columns); break;
    case RMS_NORM: k->rms_norm(y, memory, b->scales, columns, 1e-6f); break;
    case ROPE: k->rope(memory, b->scales, b->scales + 64, rows, columns); break;
    case SILU_MUL: k->silu_mul(y, memory, memory + columns, columns); break;
    case ATTENTION:
        k->attention(y, memory, b->x, b->x + columns, n, columns, rows, 2 * columns, 0.09f, y + 4096);
        break;
    case ATTENTION_F16: {
        const uint16_t *cache = (const uint16_t *)b->weights;
        k->attention_f16(y, memory, cache, cache + columns, n, columns, rows, 2 * columns, 0.09f, y + 4096);
        break;
    }
    case DEPTHWISE: k->conv_depthwise(y, memory, b->scales, b->scales, n, columns, rows); break;
    default: k->snake(y, memory, b->scales, b->scales, n, columns);
    }
}

static void work(void *context, int index, int threads) {
    bench *b = context;
    size_t i = (size_t)index, t = (size_t)threads;
    if (b->test.operation <= Q4) {
        size_t grains = b->test.rows / 32;
        linear(b, grains * i / t * 32, grains * (i + 1) / t * 32);
    } else if (b->test.operation == CONV_F32) {
        size_t panels = b->test.rows / MK_PANEL;
        b->kernels->conv_f32(b->y, b->test.rows, b->x, b->test.columns, (const float *)b->weights, b->scales, b->test.n, 1,
                             b->test.columns, b->test.rows, TAPS, 1, panels * i / t, panels * (i + 1) / t, 0);
    } else {
        alone(b, b->scratch[index]);
    }
}

static float *numbers(size_t count) {
    float *values = mb_reserve(count * sizeof(float));
    for (size_t i = 0; i < count; i++) values[i] = (float)((i * 7919) % 255) / 128 - 1;
    return values;
}

static double time_calls(bench *b, mb_team *team, size_t copies) {
    double best = 1e30;
    for (int pass = 0; pass < 5; pass++) {
        double start = mb_now();
        for (b->at = 0; b->at < copies; b->at++) mb_team_run(team, work, b);
        double seconds = (mb_now() - start) / (double)copies;
        if (seconds < best) best = seconds;
        if (seconds * (double)copies > 0.5 && pass >= 1) break;
    }
    return best;
}

static double work_of(test t) {
    double area = (double)t.n * (double)t.rows * (double)t.columns;
    switch (t.operation) {
    case ATTENTION:
    case ATTENTION_F16: return 4 * area;
    case CONV_F32: return 2 * TAPS * area;
    default: return 2 * area;
    }
}

mb_timing mb_run_case(size_t index, const mk_kernels *kernels, int threads) {
    static char name[64];
    test t = tests[index];
    bench b = {.test = t, .kernels = kernels, .weights = arena()};
    size_t area = t.rows * t.columns;
    b.bytes = t.operation == F32 ? 4 * area : t.operation == BF16 ? 2 * area : t.operation == Q8 ? area : area / 2 + area / 16;
    int is_linear = t.operation <= Q4;
    size_t copies = is_linear ? ARENA / b.bytes : t.operation == CONV_F32 ? 8 : 2000;
    if (t.n > 2 && copies > 16) copies = 16;
    b.x = numbers(1 << 20), b.y = numbers(1 << 20), b.scales = numbers(1 << 14);
    b.q = calloc(1, 1 << 18), b.sums = calloc(1, 1 << 18);
    for (size_t i = 0; i < 1 << 16; i++) b.q[i] = (int8_t)(i * 37 % 255 - 127);
    mb_team *team = mb_team_start(threads);
    for (int i = 0; i < threads; i++) b.scratch[i] = numbers(1 << 21);
    double seconds = time_calls(&b, team, copies);
    for (int i = 0; i < threads; i++) mb_release(b.scratch[i]);
    mb_team_stop(team);
    mb_release(b.x), mb_release(b.y), mb_release(b.scales);
    free(b.q), free(b.sums);
    snprintf(name, sizeof name, "%s %zux%zux%zu", names[t.operation], t.n, t.rows, t.columns);
    double times = is_linear || t.operation == CONV_F32 ? 1 : threads;
    return (mb_timing){name, seconds, is_linear && t.n <= 2 ? (double)b.bytes : 0, times * work_of(t)};
}
