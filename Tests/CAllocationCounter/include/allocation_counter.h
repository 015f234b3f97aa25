// Counts the calls of the allocator by one thread. Linking this replaces malloc and its relatives for the whole program.
#ifndef MAKIMA_ALLOCATION_COUNTER_H
#define MAKIMA_ALLOCATION_COUNTER_H

#include <stddef.h>

/// Blocks this thread has asked for so far.
size_t mk_allocations(void);

#endif
