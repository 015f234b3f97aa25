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

// Keys and values are float or half precision: `size` is that of an element, 4 or 2, and a constant to all that is inlined;
// `step` are the bytes from one position to the next.

INLINE vec load_sized(const char *p, size_t size) { return size == 2 ? load_f16((const void *)p) : load((const void *)p); }

INLINE vec load_sized_part(const char *p, size_t size, size_t count) {
    return size == 2 ? load_f16_part((const void *)p, count) : load_part((const void *)p, count);
}

/// scores[h][t] = scale·q[h]·k[t] for one or two heads and neighbouring positions. A score has four vectors of partial sums
/// in a fixed order.
INLINE void score_keys(float *scores, const float *q, const char *k, size_t size, size_t dim, size_t count, size_t step,
                       float scale, size_t heads, size_t keys) {
    vec total_of[4] = {fill(0), fill(0), fill(0), fill(0)};
    // As many positions side by side as there are registers for.
    const size_t together = LANES == 8 ? 1 : 2;
    UNROLL for (size_t t = 0; t < keys; t += together) {
        const size_t some = keys - t < together ? keys - t : together;
        vec sum[2][2][4];
        UNROLL for (size_t h = 0; h < heads; h++) UNROLL for (size_t u = 0; u < some; u++)
            UNROLL for (size_t s = 0; s < 4; s++) sum[h][u][s] = fill(0);
        size_t i = 0;
        for (; i + 4 * LANES <= dim; i += 4 * LANES)
            UNROLL for (size_t s = 0; s < 4; s++) UNROLL for (size_t u = 0; u < some; u++) {
                const char *at = k + (t + u) * step + (i + s * LANES) * size;
                if (s * LANES * size % FETCH == 0) fetch_ahead(at);
                vec key = load_sized(at, size);
                UNROLL for (size_t h = 0; h < heads; h++)
                    sum[h][u][s] = fma_(load(q + h * dim + i + s * LANES), key, sum[h][u][s]);
            }
        for (; i < dim; i += LANES)
            UNROLL for (size_t u = 0; u < some; u++) {
                vec key = load_sized_part(k + (t + u) * step + i * size, size, dim - i);
                UNROLL for (size_t h = 0; h < heads; h++)
                    sum[h][u][0] = fma_(load_part(q + h * dim + i, dim - i), key, sum[h][u][0]);
            }
        UNROLL for (size_t h = 0; h < heads; h++) UNROLL for (size_t u = 0; u < some; u++)
            total_of[h * keys + t + u] =
                (sum[h][u][0] + sum[h][u][1]) + (sum[h][u][2] + sum[h][u][3]);
    }
    vec4 result = scale * totals(total_of);
    UNROLL for (size_t h = 0; h < heads; h++)
        UNROLL for (size_t t = 0; t < keys; t++) scores[h * count + t] = result[h * keys + t];
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

static void softmax(float *y, const float *x, float scale, size_t n) {
    for (size_t i = 0; i < n; i += LANES) store_part(y + i, scale * load_part(x + i, n - i), n - i);
    float sum = exponentials(y, n);
    for (size_t i = 0; i < n; i += LANES) store_part(y + i, load_part(y + i, n - i) / sum, n - i);
}

/// Positions whose values stay in the first cache while all of a head's vectors pass over them.
#define WEIGH_BLOCK 32
/// Vectors of a head that two heads have registers for.
#define WEIGH_VECTORS (LANES == 8 ? 4 : 8)

/// out[h] += Σ_t p[h][t]·v[t] for some vectors of one or two heads, in order of t; the first block starts from zero.
INLINE void weigh(float *out, const float *p, const char *v, size_t size, size_t dim, size_t count, size_t block,
                  size_t step, int starts, size_t width, size_t heads, size_t vectors) {
    vec acc[2][WEIGH_VECTORS];
    UNROLL for (size_t h = 0; h < heads; h++) UNROLL for (size_t i = 0; i < vectors; i++)
        acc[h][i] = starts ? fill(0) : load_part(out + h * dim + i * LANES, width - i * LANES);
    for (size_t t = 0; t < block; t++)
        UNROLL for (size_t i = 0; i < vectors; i++) {
            const char *at = v + t * step + i * LANES * size;
            if (i * LANES * size % FETCH == 0) fetch_ahead(at);
            vec value = load_sized_part(at, size, width - i * LANES);
            UNROLL for (size_t h = 0; h < heads; h++) acc[h][i] = fma_(fill(p[h * count + t]), value, acc[h][i]);
        }
    UNROLL for (size_t h = 0; h < heads; h++) UNROLL for (size_t i = 0; i < vectors; i++)
        store_part(out + h * dim + i * LANES, acc[h][i], width - i * LANES);
}

/// One or two heads, which share keys and values.
INLINE void attend(float *out, const float *q, const char *k, const char *v, size_t size, size_t dim, size_t count,
                   size_t step, float scale, float *scores, size_t heads) {
    const size_t keys = 4 / heads;
    size_t t = 0;
    for (; t + keys <= count; t += keys)
        score_keys(scores + t, q, k + t * step, size, dim, count, step, scale, heads, keys);
    for (; t < count; t++) score_keys(scores + t, q, k + t * step, size, dim, count, step, scale, heads, 1);
    float sums[2];
    for (size_t h = 0; h < heads; h++) sums[h] = exponentials(scores + h * count, count);
    for (t = 0; t < count; t += WEIGH_BLOCK) {
        const size_t block = count - t < WEIGH_BLOCK ? count - t : WEIGH_BLOCK, wide = WEIGH_VECTORS * LANES;
        const float *p = scores + t;
        const char *from = v + t * step;
        size_t i = 0;
        for (; i + wide <= dim; i += wide)
            weigh(out + i, p, from + i * size, size, dim, count, block, step, t == 0, wide, heads, WEIGH_VECTORS);
        for (; i < dim; i += LANES)
            weigh(out + i, p, from + i * size, size, dim, count, block, step, t == 0, dim - i, heads, 1);
    }
    for (size_t h = 0; h < heads; h++)
        for (size_t i = 0; i < dim; i += LANES)
            store_part(out + h * dim + i, load_part(out + h * dim + i, dim - i) / sums[h], dim - i);
}

INLINE void attend_all(float *out, const float *q, const void *k, const void *v, size_t size, size_t group, size_t dim,
                       size_t count, size_t kstride, float scale, float *scores) {
    size_t g = 0, step = kstride * size;
    for (; g + 2 <= group; g += 2)
        attend(out + g * dim, q + g * dim, k, v, size, dim, count, step, scale, scores + g * count, 2);
    for (; g < group; g++)
        attend(out + g * dim, q + g * dim, k, v, size, dim, count, step, scale, scores + g * count, 1);
}

static void attention(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                      size_t count, size_t kstride, float scale, float *scores) {
    attend_all(out, q, k, v, sizeof *k, group, dim, count, kstride, scale, scores);
}

static void attention_f16(float *out, const float *q, const uint16_t *k, const uint16_t *v, size_t group, size_t dim,
                          size_t count, size_t kstride, float scale, float *scores) {
    attend_all(out, q, k, v, sizeof *k, group, dim, count, kstride, scale, scores);
}
