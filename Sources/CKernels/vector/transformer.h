// Norm, gated activation and attention. Every lane computes the same, so a ragged end changes no other result.

static void rms_norm(float *y, const float *x, const float *weight, size_t n, float eps) {
    vec squares = fill(0);
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        squares = fma_(value, value, squares);
    }
    vec factor = fill(1 / __builtin_sqrtf(total(squares) / (float)n + eps));
    for (size_t i = 0; i < n; i += LANES)
        store_part(y + i, load_part(weight + i, n - i) * (load_part(x + i, n - i) * factor), n - i);
}

static void silu_mul(float *y, const float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(gate + i, n - i);
        store_part(y + i, value / (1 + exponential(-value)) * load_part(up + i, n - i), n - i);
    }
}

static void silu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        store_part(y + i, value / (1 + exponential(-value)), n - i);
    }
}

/// out += Σ_t p[t]·v[t] for `vectors` vectors of one head, divided by the sum of p.
INLINE void weigh(float *out, const float *p, const float *v, size_t count, size_t kstride, float sum, size_t width,
                  size_t vectors) {
    vec acc[4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < vectors; i++) acc[i] = fill(0);
    for (size_t t = 0; t < count; t++)
#pragma clang loop unroll(full)
        for (size_t i = 0; i < vectors; i++)
            acc[i] = fma_(fill(p[t]), load_part(v + t * kstride + i * LANES, width - i * LANES), acc[i]);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < vectors; i++) store_part(out + i * LANES, acc[i] / sum, width - i * LANES);
}

static void attention(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                      size_t count, size_t kstride, float scale, float *scores) {
    for (size_t t = 0; t < count; t++)
        for (size_t g = 0; g < group; g++) {
            vec dot = fill(0);
            for (size_t i = 0; i < dim; i += LANES)
                dot = fma_(load_part(q + g * dim + i, dim - i), load_part(k + t * kstride + i, dim - i), dot);
            scores[g * count + t] = total(dot) * scale;
        }
    for (size_t g = 0; g < group; g++, scores += count, out += dim) {
        float largest = scores[0], sum = 0;
        for (size_t t = 1; t < count; t++) largest = scores[t] > largest ? scores[t] : largest;
        for (size_t t = 0; t < count; t += LANES)
            store_part(scores + t, exponential(load_part(scores + t, count - t) - largest), count - t);
        for (size_t t = 0; t < count; t++) sum += scores[t];
        size_t i = 0;
        for (; i + 4 * LANES <= dim; i += 4 * LANES) weigh(out + i, scores, v + i, count, kstride, sum, 4 * LANES, 4);
        for (; i < dim; i += LANES) weigh(out + i, scores, v + i, count, kstride, sum, dim - i, 1);
    }
}
