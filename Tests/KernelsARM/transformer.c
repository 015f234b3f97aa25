// Norms, activations, rotary embedding and attention.
#include "check.h"

static void check_elementwise(size_t n, const mk_kernels *isa, const mk_kernels *definition) {
    float *x = noise_floats(n, 120), *other = noise_floats(n, 1), *bias = noise_floats(n, 1);
    float *got = guarded(n, sizeof(float)), *wanted = guarded(n, sizeof(float));
#define CHECK(operation, tolerance, ...)                                                                             \
    do {                                                                                                             \
        float *y = got;                                                                                              \
        check_begin(NULL, #operation);                                                                               \
        isa->operation(__VA_ARGS__);                                                                                 \
        y = wanted;                                                                                                  \
        definition->operation(__VA_ARGS__);                                                                          \
        expect_close(got, wanted, n, tolerance);                                                                     \
    } while (0)
    CHECK(silu_mul, 2e-5f, y, x, other, n);
    CHECK(silu, 3e-5f, y, x, n);
    CHECK(gelu, 2e-5f, y, x, n);
    CHECK(rms_norm, 2e-6f, y, x, other, n, 1e-6f);
    CHECK(layer_norm, 2e-5f, y, x, other, bias, n, 1e-5f);
    CHECK(add, 1e-6f, y, other, NULL, n);
    CHECK(add, 1e-6f, y, other, bias, n);
    if (n % 2 == 0) CHECK(rope, 1e-6f, y, other, bias, 1, n);
#undef CHECK
    check_guards(x), check_guards(other), check_guards(bias), check_guards(got), check_guards(wanted);
}

static void check_attention(size_t dim, size_t count, const mk_kernels *isa, const mk_kernels *definition) {
    size_t group = 2, stride = dim + 3;
    float *q = noise_floats(group * dim, 1), *k = noise_floats(count * stride, 3), *v = noise_floats(count * stride, 1);
    float *got = guarded(group * dim, sizeof(float)), *wanted = guarded(group * dim, sizeof(float));
    float *scores = guarded(group * count, sizeof(float));
    isa->attention(got, q, k, v, group, dim, count, stride, 0.3f, scores);
    definition->attention(wanted, q, k, v, group, dim, count, stride, 0.3f, scores);
    expect_close(got, wanted, group * dim, 3e-6f);
    check_guards(q), check_guards(k), check_guards(v), check_guards(got), check_guards(wanted), check_guards(scores);
}

void check_transformer(const mk_kernels *isa, const mk_kernels *definition) {
    const size_t lengths[] = {1, 7, 16, 45, 128};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_elementwise(lengths[i], isa, definition);
        check_begin(NULL, "attention");
        const size_t counts[] = {1, 6, 50};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            check_attention(lengths[i], counts[c], isa, definition);
    }
}
