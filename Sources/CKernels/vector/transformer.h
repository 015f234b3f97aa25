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

/// scores[t] = scale·q·k[t] for `keys` neighbouring positions. A score has four vectors of partial sums in a fixed order.
INLINE void score_keys(float *scores, const float *q, const float *k, size_t dim, size_t kstride, float scale,
                       size_t keys) {
    vec total_of[4];
    UNROLL for (size_t t = 0; t < keys; t++) {
        vec sum[4] = {fill(0), fill(0), fill(0), fill(0)};
        size_t i = 0;
        for (; i + 4 * LANES <= dim; i += 4 * LANES)
            UNROLL for (size_t s = 0; s < 4; s++)
                sum[s] = fma_(load(q + i + s * LANES), load(k + t * kstride + i + s * LANES), sum[s]);
        for (; i < dim; i += LANES)
            sum[0] = fma_(load_part(q + i, dim - i), load_part(k + t * kstride + i, dim - i), sum[0]);
        total_of[t] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
    store_rows(scores, scale * (keys == 4 ? totals(total_of) : first_total(total_of[0])), keys);
}

/// scores become e^(score - largest); returns their sum, added lane by lane.
INLINE float exponentials(float *scores, size_t count) {
    vec largest = fill(scores[0]);
    size_t t = 0;
    for (; t + LANES <= count; t += LANES) largest = __builtin_elementwise_max(largest, load(scores + t));
    float most = scores[0];
    for (size_t i = 0; i < LANES; i++) most = largest[i] > most ? largest[i] : most;
    for (; t < count; t++) most = scores[t] > most ? scores[t] : most;
    vec sums = fill(0);
    for (t = 0; t + LANES <= count; t += LANES) {
        vec value = exponential(load(scores + t) - most);
        store(scores + t, value);
        sums += value;
    }
    float sum = total(sums);
    if (t < count) {
        store_part(scores + t, exponential(load_part(scores + t, count - t) - most), count - t);
        for (; t < count; t++) sum += scores[t];
    }
    return sum;
}

/// out = Σ_t p[t]·v[t] / sum for `vectors` vectors of one head, in order of t.
INLINE void weigh(float *out, const float *p, const float *v, size_t count, size_t kstride, float sum, size_t width,
                  size_t vectors) {
    vec acc[8];
    UNROLL for (size_t i = 0; i < vectors; i++) acc[i] = fill(0);
    for (size_t t = 0; t < count; t++)
        UNROLL for (size_t i = 0; i < vectors; i++)
            acc[i] = fma_(fill(p[t]), load_part(v + t * kstride + i * LANES, width - i * LANES), acc[i]);
    UNROLL for (size_t i = 0; i < vectors; i++) store_part(out + i * LANES, acc[i] / sum, width - i * LANES);
}

static void attention(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                      size_t count, size_t kstride, float scale, float *scores) {
    size_t t = 0;
    for (; t + 4 <= count; t += 4)
        for (size_t g = 0; g < group; g++)
            score_keys(scores + g * count + t, q + g * dim, k + t * kstride, dim, kstride, scale, 4);
    for (; t < count; t++)
        for (size_t g = 0; g < group; g++)
            score_keys(scores + g * count + t, q + g * dim, k + t * kstride, dim, kstride, scale, 1);
    for (size_t g = 0; g < group; g++, scores += count, out += dim) {
        float sum = exponentials(scores, count);
        size_t i = 0;
        for (; i + 8 * LANES <= dim; i += 8 * LANES) weigh(out + i, scores, v + i, count, kstride, sum, 8 * LANES, 8);
        for (; i < dim; i += LANES) weigh(out + i, scores, v + i, count, kstride, sum, dim - i, 1);
    }
}
