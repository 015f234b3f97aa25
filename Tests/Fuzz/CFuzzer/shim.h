// What the fuzzed parsers need of C.
#pragma once
#define _GNU_SOURCE
#include <sys/mman.h>

/// A file without a place on the disk; -1 when there is none.
static inline int fuzzer_memory_file(void) { return memfd_create("input", 0); }
