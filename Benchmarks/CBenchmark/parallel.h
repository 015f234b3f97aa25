// A fork-join for measurements: threads spin between calls, each on a processor of its own.
#ifndef MAKIMA_BENCHMARK_PARALLEL_H
#define MAKIMA_BENCHMARK_PARALLEL_H

#include <stddef.h>

enum { MB_MAX_THREADS = 64 };

typedef struct mb_team mb_team;
/// The calling thread is the first of `threads`.
mb_team *mb_team_start(int threads);
void mb_team_stop(mb_team *team);
/// Runs work(context, i, threads) for every i and returns when all are done.
void mb_team_run(mb_team *team, void (*work)(void *context, int index, int threads), void *context);

double mb_now(void);
/// Memory in huge pages where the system has them, 2 MiB aligned; never freed before `mb_release`.
void *mb_reserve(size_t bytes);
void mb_release(void *memory);
/// The middle one; sorts `values`.
double mb_median(double *values, size_t count);

#endif
