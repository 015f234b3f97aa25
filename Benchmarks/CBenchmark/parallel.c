#define _GNU_SOURCE
#include "parallel.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

struct mb_team {
    int threads;
    pthread_t handles[MB_MAX_THREADS];
    struct { _Alignas(128) atomic_int done; } finished[MB_MAX_THREADS];
    _Alignas(128) atomic_int sequence;  // -1: stop
    void (*work)(void *, int, int);
    void *context;
};

typedef struct {
    mb_team *team;
    int index;
} member;

static void *serve(void *argument) {
    member self = *(member *)argument;
    free(argument);
    for (int seen = 0;;) {
        int now, spins = 0;
        while ((now = atomic_load_explicit(&self.team->sequence, memory_order_acquire)) == seen)
            if (++spins > 100000) sched_yield(), spins = 0;
        if (now < 0) return NULL;
        seen = now;
        self.team->work(self.team->context, self.index, self.team->threads);
        atomic_store_explicit(&self.team->finished[self.index].done, seen, memory_order_release);
    }
}

mb_team *mb_team_start(int threads) {
    if (threads > MB_MAX_THREADS) threads = MB_MAX_THREADS;
    mb_team *team = aligned_alloc(128, (sizeof(mb_team) + 127) / 128 * 128);
    team->threads = threads;
    atomic_init(&team->sequence, 0);
    for (int i = 1; i < threads; i++) {
        member *self = malloc(sizeof *self);
        *self = (member){team, i};
        atomic_init(&team->finished[i].done, 0);
        pthread_create(&team->handles[i], NULL, serve, self);
    }
    return team;
}

void mb_team_stop(mb_team *team) {
    atomic_store(&team->sequence, -1);
    for (int i = 1; i < team->threads; i++) pthread_join(team->handles[i], NULL);
    free(team);
}

void mb_team_run(mb_team *team, void (*work)(void *, int, int), void *context) {
    team->work = work;
    team->context = context;
    int sequence = atomic_load_explicit(&team->sequence, memory_order_relaxed) + 1;
    atomic_store_explicit(&team->sequence, sequence, memory_order_release);
    work(context, 0, team->threads);
    for (int i = 1, spins = 0; i < team->threads; i++)
        while (atomic_load_explicit(&team->finished[i].done, memory_order_acquire) != sequence)
            if (++spins > 100000) sched_yield(), spins = 0;
}

double mb_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static const size_t huge = (size_t)2 << 20;

void *mb_reserve(size_t bytes) {
    size_t size = (bytes + huge - 1) / huge * huge;
    void *memory = aligned_alloc(huge, size);
    if (memory) madvise(memory, size, MADV_HUGEPAGE);
    return memory;
}

void mb_release(void *memory) { free(memory); }

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double mb_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, ascending);
    return values[count / 2];
}
