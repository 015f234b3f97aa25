// Which tables this processor can run.
#include "kernels.h"

#define SET(name)                                                                                                    \
    extern const mk_kernels mk_##name##_kernels;                                                                     \
    int mk_##name##_runs(void);
#include "sets.h"
#undef SET

static const struct {
    int (*runs)(void);
    const mk_kernels *kernels;
} sets[] = {
#define SET(name) {mk_##name##_runs, &mk_##name##_kernels},
#include "sets.h"
#undef SET
};

const mk_kernels *mk_kernels_at(size_t index) {
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (sets[i].runs() && index-- == 0) return sets[i].kernels;
    return NULL;
}
