// libFuzzer's own entry, which `-sanitize=fuzzer` links in.
#pragma once
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*parse)(const uint8_t *data, size_t size));

/// A file without a place on the disk; -1 when there is none.
static inline int fuzzer_memory_file(void) { return memfd_create("input", 0); }
