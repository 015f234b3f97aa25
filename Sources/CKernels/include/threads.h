// What the worker pool needs and Swift's view of the C library lacks.
#ifndef MAKIMA_THREADS_H
#define MAKIMA_THREADS_H

/// Tells the processor that this thread waits for another one.
static inline void mk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Cores this process may run on, 1 at least.
int mk_available_cores(void);
/// Names the calling thread, 15 bytes at most, for debuggers and `top -H`.
void mk_name_thread(const char *name);

#endif
