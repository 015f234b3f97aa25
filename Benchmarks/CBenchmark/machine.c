// What the machine can do: reading memory, multiplying in registers.
#include "cbenchmark.h"
#include "parallel.h"
#include <string.h>

typedef uint64_t words __attribute__((vector_size(64)));
typedef float floats __attribute__((vector_size(64)));

#if defined(__x86_64__)
#define WIDEST(name, body)                                                                                        \
    __attribute__((target("avx512f"))) static double name##_512(const void *p, size_t n) body                     \
    __attribute__((target("avx2,fma"))) static double name##_256(const void *p, size_t n) body                    \
    static double name##_any(const void *p, size_t n) body                                                        \
    static double name(const void *p, size_t n) {                                                                 \
        if (__builtin_cpu_supports("avx512f")) return name##_512(p, n);                                           \
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return name##_256(p, n);             \
        return name##_any(p, n);                                                                                  \
    }
#else
#define WIDEST(name, body) static double name(const void *p, size_t n) body
#endif

// The sum of n bytes as words, n a multiple of 512.
WIDEST(read_words, {
    words sum[8] = {0};
    for (const char *at = p, *end = at + n; at < end; at += 512)
        for (int i = 0; i < 8; i++) {
            words value;
            memcpy(&value, at + 64 * i, 64);
            sum[i] += value;
        }
    words total = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    return (double)(total[0] ^ total[1] ^ total[2] ^ total[3] ^ total[4] ^ total[5] ^ total[6] ^ total[7]);
})

// n rounds of 12 independent multiply-adds of 16 floats.
WIDEST(multiply_add, {
    floats factor = *(const floats *)p;
    floats sum[12];
    for (int i = 0; i < 12; i++) sum[i] = factor + (float)i;
    for (size_t round = 0; round < n; round++)
        for (int i = 0; i < 12; i++) sum[i] = __builtin_elementwise_fma(sum[i], factor, factor);
    floats total = sum[0];
    for (int i = 1; i < 12; i++) total += sum[i];
    return total[0] + total[15];
})

typedef struct {
    const char *memory;
    size_t bytes;
    volatile double sink[MB_MAX_THREADS][16];
} reading;

static void read_part(void *context, int index, int threads) {
    reading *r = context;
    size_t part = r->bytes / (size_t)threads / 512 * 512;
    r->sink[index][0] = read_words(r->memory + part * (size_t)index, part);
}

double mb_read_bandwidth_of(const void *memory, size_t bytes, int threads) {
    static reading r;
    r.memory = memory;
    r.bytes = bytes;
    mb_team *team = mb_team_start(threads);
    double best = 1e30;
    for (int pass = 0; pass < 8; pass++) {
        double start = mb_now();
        mb_team_run(team, read_part, &r);
        double seconds = mb_now() - start;
        if (pass > 0 && seconds < best) best = seconds;
    }
    mb_team_stop(team);
    return (double)(bytes / (size_t)threads / 512 * 512 * (size_t)threads) / best / 1e9;
}

double mb_read_bandwidth(size_t bytes, int threads) {
    uint64_t *memory = mb_reserve(bytes);
    for (size_t i = 0; i < bytes / 8; i++) memory[i] = i * 0x9E3779B97F4A7C15u;
    double result = mb_read_bandwidth_of(memory, bytes, threads);
    mb_release(memory);
    return result;
}

static const size_t rounds = 10000000;

static void multiply_part(void *context, int index, int threads) {
    (void)threads;
    floats factor = {0};
    factor += 1e-3f;
    ((volatile double *)context)[16 * index] = multiply_add(&factor, rounds);
}

double mb_fma_peak(int threads) {
    static volatile double sink[16 * MB_MAX_THREADS];
    mb_team *team = mb_team_start(threads);
    double best = 1e30;
    for (int pass = 0; pass < 4; pass++) {
        double start = mb_now();
        mb_team_run(team, multiply_part, (void *)sink);
        double seconds = mb_now() - start;
        if (seconds < best) best = seconds;
    }
    mb_team_stop(team);
    return 2.0 * 16 * 12 * (double)rounds * threads / best / 1e9;
}
