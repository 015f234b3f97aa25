// Sums, norms and activations that pass over a signal once. Every lane computes the same, so a ragged end changes no
// other result.

static void add(float *y, const float *x, const float *scale, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        if (scale) value = load_part(scale + i, n - i) * value;
        store_part(y + i, load_part(y + i, n - i) + value, n - i);
    }
}

static void round_f16(uint16_t *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i), magnitude = __builtin_elementwise_abs(value);
        vec largest = __builtin_elementwise_copysign(fill(65504), value);
        ivec is_beyond = (magnitude > 65504) & (magnitude < __builtin_inff());
        float16_unaligned rounded = __builtin_convertvector(choose(is_beyond, largest, value), float16_unaligned);
        if (n - i >= LANES) *(float16_unaligned *)(y + i) = rounded;
        else memcpy(y + i, &rounded, (n - i) * sizeof(uint16_t));
    }
}

static void layer_norm(float *y, const float *x, const float *weight, const float *bias, size_t n, float eps) {
    vec sum = fill(0), squares = fill(0);
    for (size_t i = 0; i < n; i += LANES) sum += load_part(x + i, n - i);
    vec mean = fill(total(sum) / (float)n);
    size_t whole = n / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        vec centred = load(x + i) - mean;
        squares = fma_(centred, centred, squares);
    }
    float rest = 0;
    for (size_t i = whole; i < n; i++) rest += (x[i] - mean[0]) * (x[i] - mean[0]);
    vec factor = fill(1 / __builtin_sqrtf((total(squares) + rest) / (float)n + eps));
    for (size_t i = 0; i < n; i += LANES) {
        vec normed = (load_part(x + i, n - i) - mean) * factor;
        store_part(y + i, fma_(normed, load_part(weight + i, n - i), load_part(bias + i, n - i)), n - i);
    }
}

/// x/2 · (1 + erf(x/√2)) with erf by Abramowitz and Stegun 7.1.26, within 1.5e-7.
INLINE vec gelu_of(vec x) {
    vec z = __builtin_elementwise_abs(x) * 0.70710678f, t = 1 / fma_(z, fill(0.3275911f), fill(1));
    vec p = fill(1.061405429f);
    p = fma_(p, t, fill(-1.453152027f));
    p = fma_(p, t, fill(1.421413741f));
    p = fma_(p, t, fill(-0.284496736f));
    p = fma_(p, t, fill(0.254829592f));
    // What is missing to the limit, of the tail on this side of zero.
    vec half = 0.5f * (p * t) * exponential(-z * z);
    return x * choose(x > 0, 1 - half, half);
}

static void gelu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) store_part(y + i, gelu_of(load_part(x + i, n - i)), n - i);
}

/// (1 + tanh(u))/2 is 1/(1 + e^(-2u)); the constant is 2·√(2/π).
static void gelu_tanh(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        vec twice = 1.59576912f * fma_(0.044715f * value * value, value, value);
        store_part(y + i, value / (1 + exponential(-twice)), n - i);
    }
}

/// x·tanh(log(1 + e)) with e = exp(x), as (e² + 2e) / (e² + 2e + 2), which is 1 from e^20 on.
static void mish(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i), e = exponential(choose(value > 20, fill(20), value)), t = e * (e + 2);
        store_part(y + i, value * (t / (t + 2)), n - i);
    }
}

static void leaky_relu(float *y, const float *x, float slope, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        store_part(y + i, choose(value > 0, value, slope * value), n - i);
    }
}

static void elu(float *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        vec value = load_part(x + i, n - i);
        store_part(y + i, choose(value > 0, value, exponential(value) - 1), n - i);
    }
}

static void conv_depthwise(float *y, const float *x, const float *w, const float *bias, size_t count, size_t channels,
                           size_t taps) {
    for (size_t t = 0; t < count; t++)
        for (size_t c = 0; c < channels; c += LANES) {
            vec sum = load_part(bias + c, channels - c);
            for (size_t k = 0; k < taps; k++)
                sum = fma_(load_part(w + k * channels + c, channels - c),
                           load_part(x + (t + k) * channels + c, channels - c), sum);
            store_part(y + t * channels + c, sum, channels - c);
        }
}
