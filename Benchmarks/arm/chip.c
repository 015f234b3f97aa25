// What the model has to know of the machine it runs on: clock, memory, hand-over between threads, and what the kernels reach when
// nothing but themselves holds them up, or nothing but memory. Prints JSON.
#define _GNU_SOURCE
#include "kernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MOST_THREADS = 16, MEMORY = 256 << 20, COLUMNS = 1024, LARGE = 4096, SMALL = 512 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- threads: each spins until the next job, as the engine's do ----

typedef void job(int index, int threads);
static job *current;
static int threads;
static atomic_int sequence, unfinished;

static void *work(void *argument) {
    int index = (int)(size_t)argument, seen = 0;
    for (;;) {
        int number;
        while ((number = atomic_load_explicit(&sequence, memory_order_acquire)) == seen) {}
        seen = number;
        if (!current) return NULL;
        current(index, threads);
        atomic_fetch_sub_explicit(&unfinished, 1, memory_order_release);
    }
}

static void run(job *j) {
    current = j;
    atomic_store(&unfinished, threads - 1);
    atomic_fetch_add_explicit(&sequence, 1, memory_order_release);
    if (!j) return;
    j(0, threads);
    while (atomic_load_explicit(&unfinished, memory_order_acquire)) {}
}

static double with_threads(int count, double (*measure)(void)) {
    pthread_t all[MOST_THREADS];
    threads = count;
    atomic_store(&sequence, 0);
    for (int i = 1; i < count; i++) pthread_create(&all[i], NULL, work, (void *)(size_t)i);
    double result = measure();
    run(NULL);
    for (int i = 1; i < count; i++) pthread_join(all[i], NULL);
    return result;
}

// What disturbs a run only makes it longer, so the least of several is what the machine can do; the median is what it does.
static int is_median;

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double typical(int runs, double (*once)(void)) {
    static double seconds[400];
    for (int i = 0; i < runs; i++) seconds[i] = once();
    qsort(seconds, (size_t)runs, sizeof *seconds, ascending);
    return seconds[is_median ? runs / 2 : 0];
}

// ---- clock ----

static double additions(void) {
    size_t x = 0;
    double start = now();
    for (int i = 0; i < 5000; i++)
        for (int k = 0; k < 64; k++) {
#if defined(__aarch64__)
            __asm__ volatile("add %0, %0, #1" : "+r"(x));
#else
            __asm__ volatile("add $1, %0" : "+r"(x));
#endif
        }
    return now() - start;
}

static double hertz(void) { return 64.0 * 5000 / typical(400, additions); }

// ---- memory ----

enum { LARGEST = 128 << 20 };  // what is read again and again, at most
static char *memory;
static size_t reach;  // bytes that are read
static volatile uint64_t sink[MOST_THREADS][8];

static void read_part(int index, int count) {
    typedef uint64_t words __attribute__((vector_size(32), aligned(8), may_alias));
    words sum[4] = {0};
    size_t part = reach / (size_t)count / 128 * 128;
    for (const char *p = memory + part * (size_t)index, *end = p + part; p < end; p += 128)
        for (int i = 0; i < 4; i++) sum[i] += ((const words *)p)[i];
    sink[index][0] = (sum[0] + sum[1] + sum[2] + sum[3])[0];
}

static double one_read(void) {
    int times = (int)((64 << 20) / reach) + 1;
    double start = now();
    for (int i = 0; i < times; i++) run(read_part);
    return (now() - start) / times;
}

static double read_rate(void) {
    one_read();
    return (double)reach / typical(7, one_read);
}

static void nothing(int index, int count) { (void)index, (void)count; }

static double hand_overs(void) {
    double start = now();
    for (int i = 0; i < 100; i++) run(nothing);
    return (now() - start) / 100;
}

static double hand_over(void) { return typical(200, hand_overs); }

// ---- kernels ----

static const mk_kernels *kernels;
static const int8_t *weights;
static size_t rows;
static int bits;
static float *floats, *output;
static int8_t bytes[1 << 16];
static int32_t offsets[1 << 14];

static void linear_part(int index, int count) {
    size_t grains = rows / 32, first = grains * (size_t)index / (size_t)count * 32,
           last = grains * ((size_t)index + 1) / (size_t)count * 32;
    if (bits == 8)
        kernels->linear_q8(output, rows, weights, floats, NULL, bytes, floats, 1, COLUMNS, first, last);
    else
        kernels->linear_q4(output, rows, (const uint8_t *)weights, (const uint16_t *)weights, NULL, bytes, offsets, floats,
                           1, COLUMNS, first, last);
}

// Seconds of a pass over all memory, so many bytes of it being the weights of a layer.
static double pass_over(size_t size, job *layer) {
    double start = now();
    for (size_t at = 0; at + size <= MEMORY; at += size) {
        weights = (const int8_t *)memory + at;
        run(layer);
    }
    return now() - start;
}

static double one_pass(void) { return pass_over(rows * COLUMNS * (size_t)bits / 8, linear_part); }

static double pass(void) { return typical(7, one_pass); }

static double cached_linear(void) {
    weights = (const int8_t *)memory;
    double start = now();
    for (int i = 0; i < 20; i++) run(linear_part);
    return (now() - start) / 20;
}

static double cached(void) { return typical(400, cached_linear); }

// Convolutions whose weights come from memory: so many rows that computing takes about as long as reading.
enum { WIDE = 1024, OUTPUTS = 4096, SOME = 8 };

static void convolve_part(int index, int count) {
    mk_integer_rows x = {bytes, WIDE / 2, floats, floats};
    mk_integer_convolution c = {weights, floats, floats, floats, x.words, OUTPUTS, 1, 1, 1};
    size_t panels = OUTPUTS / MK_PANEL, first = panels * (size_t)index / (size_t)count,
           last = panels * ((size_t)index + 1) / (size_t)count;
    kernels->conv_q16(output, OUTPUTS, &x, &c, SOME, first, last, 0);
}

static double one_convolution_pass(void) { return pass_over(2 * WIDE * OUTPUTS, convolve_part); }

static double convolution_pass(void) { return typical(7, one_convolution_pass); }

// Convolutions whose weights stay in the second cache: 32 outputs, seven taps of 192 inputs, 48 rows.
enum { INPUTS = 192, TAPS = 7, COUNT = 48 };
static const char *convolution;

static void convolve(int index, int count) {
    (void)index, (void)count;
    int is_bytes = !strcmp(convolution, "conv_q8");
    mk_integer_rows x = {bytes, INPUTS / (is_bytes ? 4 : 2), floats, floats};
    mk_integer_convolution c = {memory, floats, floats, floats, x.words, MK_PANEL, TAPS, 1, 1};
    if (is_bytes) kernels->conv_q8(output, MK_PANEL, &x, &c, COUNT, 0, 1, 0);
    else if (!strcmp(convolution, "conv_q16")) kernels->conv_q16(output, MK_PANEL, &x, &c, COUNT, 0, 1, 0);
    else if (!strcmp(convolution, "conv_q8_q16")) kernels->conv_q8_q16(output, MK_PANEL, &x, &c, COUNT, 0, 1, 0);
    else
        kernels->conv_f32(output, MK_PANEL, floats, INPUTS, (const float *)memory, floats, COUNT, 1, INPUTS, MK_PANEL, TAPS, 1, 0,
                          1, 0);
}

static double cached_convolution(void) {
    double start = now();
    run(convolve);
    return now() - start;
}

static double convolving(void) { return typical(400, cached_convolution); }

// One whose inputs and products are transformed, in tiles of ten: 192 outputs of seven taps of as many inputs, 480 rows. What it works
// on fits no second cache, as in a frame.
enum { TILE = 10, ROWS = 480, POINTS = TILE + TAPS - 1 };
static float *scratch;

static void transform(int index, int count) {
    (void)index, (void)count;
    mk_winograd_convolution c = {memory, NULL, floats, INPUTS, INPUTS, TAPS, TILE, 1, ROWS};
    kernels->conv_winograd(output, INPUTS, floats, INPUTS, &c, scratch, 0, ROWS / TILE, 0, INPUTS / MK_PANEL);
}

static double one_transform(void) {
    double start = now();
    run(transform);
    return now() - start;
}

static double transforming(void) { return typical(50, one_transform); }

static void print_kernels(double clock) {
    static const char *const names[] = {"conv_f32", "conv_q16", "conv_q8_q16", "conv_q8"};
    printf("    \"cyclesPerMultiplyAdd\": {");
    rows = 64;
    for (bits = 4; bits <= 8; bits += 4)
        printf("\"linear_q%d\": %.5f, ", bits, with_threads(1, cached) * clock / (double)(rows * COLUMNS));
    for (int i = 0; i < 4; i++) {
        convolution = names[i];
        printf("\"%s\": %.5f, ", names[i], with_threads(1, convolving) * clock / (MK_PANEL * INPUTS * TAPS * COUNT));
    }
    printf("\"conv_winograd\": %.5f},\n", with_threads(1, transforming) * clock / ((double)INPUTS * INPUTS * TAPS * ROWS));
}

static char *reserve(size_t size, uint64_t fill) {
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) exit(1);
    madvise(p, size, MADV_NOHUGEPAGE);  // files have small pages
    for (size_t i = 0; i < size; i += 8) memcpy(p + i, &fill, 8);
    return p;
}

static void print_all(double clock, int all) {
    printf("  \"%s\": {\n", is_median ? "median" : "least");
    reach = MEMORY;
    printf("    \"oneReads\": %.4e, \"allRead\": %.4e,\n", with_threads(1, read_rate), with_threads(all, read_rate));
    printf("    \"readBySize\": {");
    for (reach = 256 << 10; reach <= LARGEST; reach *= 2)
        printf("\"%zu\": %.4e%s", reach >> 10, with_threads(all, read_rate), reach < LARGEST ? ", " : "},\n");
    printf("    \"handOver\": %.4e,\n", with_threads(all, hand_over));
    print_kernels(clock);
    bits = 8;
    rows = LARGE;
    double large = with_threads(all, pass);
    rows = SMALL;
    double small = with_threads(all, pass);
    printf("    \"passLarge\": %.5e, \"passSmall\": %.5e,\n", large, small);
    printf("    \"passConvolutions\": %.5e\n  }%s\n", with_threads(all, convolution_pass), is_median ? "" : ",");
}

int main(int count, char **arguments) {
    int all = count > 1 ? atoi(arguments[1]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (all < 1 || all > MOST_THREADS) all = MOST_THREADS;
    for (size_t i = 0; mk_kernels_at(i); i++)
        if (count < 3 || !strcmp(mk_kernels_at(i)->name, arguments[2])) kernels = mk_kernels_at(i);
    if (!kernels) return 1;
    memory = reserve(MEMORY, 0x3c3c3c3c3c3c3c3cu);
    floats = (float *)reserve(1 << 20, 0x3c3c3c3c3c3c3c3cu);
    output = (float *)reserve(1 << 20, 0);
    scratch = (float *)reserve(sizeof(float) * MK_WINOGRAD_TILES * POINTS * (INPUTS + MK_PANEL), 0);
    double clock = hertz();
    printf("{\n  \"kernels\": \"%s\", \"threads\": %d, \"gigahertz\": %.3f,\n", kernels->name, all, clock * 1e-9);
    printf("  \"passBytes\": %d, \"largeRows\": %d, \"smallRows\": %d,\n", MEMORY, LARGE, SMALL);
    for (is_median = 0; is_median <= 1; is_median++) print_all(clock, all);
    printf("}\n");
    return 0;
}
