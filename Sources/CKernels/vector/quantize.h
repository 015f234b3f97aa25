// Activations to int8: the operations of the definition in the same order for each element, so the same bits.

typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1), may_alias));

/// The scale of a row, and the factor that makes integers of it; 0 where all of them are zero.
INLINE float inverse_scale(float *scale, const float *x, size_t cols) {
    int32_t bits = largest_magnitude(x, cols);
    float most;
    memcpy(&most, &bits, 4);
    *scale = bits < INFINITE ? most / 127 : __builtin_nanf("");
    float inverse = bits < INFINITE && bits > 0 ? 127 / most : 0;
    return inverse < __builtin_inff() ? inverse : 0;
}

INLINE bytes to_bytes(vec x, float inverse) {
    return __builtin_convertvector(__builtin_convertvector(__builtin_elementwise_rint(x * inverse), ivec), bytes);
}

static void quantize_q8(int8_t *q, float *scale, const float *x, size_t cols) {
    float inverse = inverse_scale(scale, x, cols);
    if (inverse == 0) {
        memset(q, 0, cols);
        return;
    }
    size_t i = 0;
    for (; i + LANES <= cols; i += LANES) *(bytes *)(q + i) = to_bytes(load(x + i), inverse);
    if (i < cols) {
        bytes part = to_bytes(load_part(x + i, cols - i), inverse);
        memcpy(q + i, &part, cols - i);
    }
}

static void quantize_q8_split(int8_t *q, int32_t *offsets, float *scale, const float *x, size_t cols) {
    float inverse = inverse_scale(scale, x, cols);
    size_t half = cols / 2;
    if (inverse == 0) {
        memset(q, 0, cols);
        memset(offsets, 0, half);
        return;
    }
    for (size_t g = 0; g < cols / MK_Q4_GROUP; g++) {
        int8_t group[MK_Q4_GROUP], *even = q + g * MK_Q4_GROUP / 2, *odd = even + half;
        for (size_t i = 0; i < MK_Q4_GROUP; i += LANES)
            *(bytes *)(group + i) = to_bytes(load(x + g * MK_Q4_GROUP + i), inverse);
        for (size_t i = 0; i < MK_Q4_GROUP / 2; i++) {
            even[i] = group[2 * i];
            odd[i] = group[2 * i + 1];
        }
        for (size_t i = 0; i < MK_Q4_GROUP / 8; i++) {
            int32_t sum = 0;
            for (size_t k = 0; k < 8; k++) sum += group[8 * i + k];
            offsets[g * (MK_Q4_GROUP / 8) + i] = -8 * sum;
        }
    }
}
