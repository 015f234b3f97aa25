#include "arguments.h"

#include <stddef.h>

static int count;
static char **values;

// glibc hands the arguments to every function that runs before main.
__attribute__((constructor)) static void remember(int argc, char **argv) {
    count = argc;
    values = argv;
}

int program_argument_count(void) {
    return count;
}

const char *program_argument(int index) {
    return index >= 0 && index < count ? values[index] : NULL;
}
