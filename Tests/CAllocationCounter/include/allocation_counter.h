// Counts the calls of the allocator by all threads. Linking this replaces malloc and its relatives for the whole program.
#ifndef MAKIMA_ALLOCATION_COUNTER_H
#define MAKIMA_ALLOCATION_COUNTER_H

#include <stddef.h>

/// Blocks the program has asked for so far.
size_t mk_allocations(void);

#endif
