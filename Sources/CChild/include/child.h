// A program that works for us on what strangers sent: it gets none of our files and no more of the machine than it may have.

#ifndef CHILD_H
#define CHILD_H

#include <stddef.h>
#include <sys/types.h>

/// What a child may take.
typedef struct {
    size_t memory;   // bytes of address space
    size_t seconds;  // of processor time
    size_t file;     // bytes of one file that it writes
} child_limits;

/// Starts `arguments[0]`, looked for on the PATH when it has no slash, with an empty environment and nothing to read from or
/// print to. `arguments` ends with NULL. Returns 0, or the system's number of the error.
int child_start(pid_t *child, char *const arguments[], child_limits limits);

#endif
