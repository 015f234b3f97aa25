// Norms, activations, rotary embedding and attention.
#include "check.h"
#include <string.h>

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
    CHECK(gelu_tanh, 2e-5f, y, x, n);
    CHECK(gelu_tanh, 5e-7f, y, other, n);
    CHECK(mish, 3e-5f, y, x, n);
    CHECK(mish, 3e-7f, y, other, n);
    CHECK(leaky_relu, 0, y, x, 0.1f, n);
    CHECK(softmax, 1e-6f, y, x, 0.05f, n);
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

/// Values that half precision holds exactly: attention over them as floats says what it is over halves.
static float *noise_halves(size_t count, float scale) {
    float *values = guarded(count, sizeof(float));
    for (size_t i = 0; i < count; i++) values[i] = ((float)(noise() % 2047) - 1023) / 1024 * scale;
    return values;
}

static void check_attention_f16(size_t group, size_t dim, size_t count, const mk_kernels *isa,
                                const mk_kernels *definition) {
    size_t stride = dim + 3, cached = count * stride;
    float *q = noise_floats(group * dim, 1), *k = noise_halves(cached, 2), *v = noise_halves(cached, 1);
    uint16_t *halves_k = guarded(cached, sizeof(uint16_t)), *halves_v = guarded(cached, sizeof(uint16_t));
    float *got = guarded(group * dim, sizeof(float)), *wanted = guarded(group * dim, sizeof(float));
    float *scores = guarded(group * count, sizeof(float));
    isa->round_f16(halves_k, k, cached), isa->round_f16(halves_v, v, cached);
    isa->attention_f16(got, q, halves_k, halves_v, group, dim, count, stride, 0.3f, scores);
    isa->attention(wanted, q, k, v, group, dim, count, stride, 0.3f, scores);
    expect_same(got, wanted, group * dim * sizeof(float));
    definition->attention_f16(wanted, q, halves_k, halves_v, group, dim, count, stride, 0.3f, scores);
    expect_close(got, wanted, group * dim, 3e-6f);
    check_guards(q), check_guards(k), check_guards(v), check_guards(halves_k), check_guards(halves_v);
    check_guards(got), check_guards(wanted), check_guards(scores);
}

/// Every half widened, by attention to a single position.
static void check_every_half(const mk_kernels *isa, const mk_kernels *definition) {
    const size_t count = 1 << 16;
    float *zeros = noise_floats(count, 0), *got = guarded(count, sizeof(float)), *wanted = guarded(count, sizeof(float));
    uint16_t *keys = guarded(count, sizeof(uint16_t)), *values = guarded(count, sizeof(uint16_t));
    float scores[1];
    for (size_t i = 0; i < count; i++) keys[i] = 0, values[i] = (uint16_t)i;
    check_begin(NULL, "attention_f16 of every half");
    isa->attention_f16(got, zeros, keys, values, 1, count, 1, count, 1, scores);
    definition->attention_f16(wanted, zeros, keys, values, 1, count, 1, count, 1, scores);
    for (size_t i = 0; i < count; i++)
        if (got[i] != got[i] && wanted[i] != wanted[i]) got[i] = wanted[i] = 0;
    expect_same(got, wanted, count * sizeof(float));
    check_guards(zeros), check_guards(keys), check_guards(values), check_guards(got), check_guards(wanted);
}

/// Floats of every exponent, near each half and each middle of two, and what is no number.
static void check_round_f16(size_t n, const mk_kernels *isa, const mk_kernels *definition) {
    float *x = guarded(n, sizeof(float));
    uint16_t *got = guarded(n, sizeof(uint16_t)), *wanted = guarded(n, sizeof(uint16_t));
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (noise() << 12 & 0xFFFFF000) + noise() % 3 - 1;
        if (i % 5 == 0) bits = (bits & 0x807FFFFF) | (uint32_t)(i % 21 ? 100 + i % 45 : 255) << 23;
        memcpy(x + i, &bits, sizeof bits);
    }
    isa->round_f16(got, x, n);
    definition->round_f16(wanted, x, n);
    expect_same(got, wanted, n * sizeof(uint16_t));
    check_guards(x), check_guards(got), check_guards(wanted);
}

void check_transformer(const mk_kernels *isa, const mk_kernels *definition) {
    const size_t lengths[] = {1, 7, 16, 45, 128};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_elementwise(lengths[i], isa, definition);
        const size_t counts[] = {1, 6, 50};
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            check_begin(NULL, "attention");
            check_attention(lengths[i], counts[c], isa, definition);
            check_begin(NULL, "attention_f16");
            check_attention_f16(1 + i % 3, lengths[i], counts[c], isa, definition);
        }
        check_begin(NULL, "round_f16");
        check_round_f16(lengths[i], isa, definition);
    }
    check_round_f16(100003, isa, definition);
    check_every_half(isa, definition);
}
