// The codec's inner loop. A tile of `frames` by `vectors` sums stays in registers; every sum runs as the definition says,
// so its bits depend neither on the tile nor on the instruction set.

#define CONV_FRAMES (LANES == 8 ? 6 : 12)  // of 16 or 32 registers, two vectors each

/// Weights from number i on, of so many bytes: float32 or int16.
INLINE vec conv_weights(const void *w, size_t i, size_t bytes) {
    return bytes == 2 ? load_i16((const int16_t *)w + i) : load((const float *)w + i);
}

INLINE void conv_tile(float *y, size_t ystride, const float *x, size_t xstride, const void *w, const float *bias,
                      size_t step, size_t inputs, size_t taps, size_t dilation, size_t width, int accumulate,
                      size_t frames, size_t vectors, size_t bytes, int fetch) {
    vec sum[CONV_FRAMES][2];
#pragma clang loop unroll(full)
    for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++)
            sum[t][v] = load_part(bias + v * LANES, width - v * LANES);
    if (accumulate)
#pragma clang loop unroll(full)
        for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++)
                sum[t][v] = load_part(y + t * ystride + v * LANES, width - v * LANES) + sum[t][v];
    for (size_t k = 0; k < taps; k++) {
        const float *row = x + k * dilation * xstride;
        for (size_t c = 0; c < inputs; c++, w = (const char *)w + bytes * MK_PANEL) {
            vec weight[2];
#pragma clang loop unroll(full)
            for (size_t at = 0; fetch && at < bytes * MK_PANEL; at += FETCH) fetch_ahead((const char *)w + at);
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) weight[v] = conv_weights(w, v * LANES, bytes);
#pragma clang loop unroll(full)
            for (size_t t = 0; t < frames; t++) {
                vec value = fill_from(row + t * step * xstride + c);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++) sum[t][v] = fma_(weight[v], value, sum[t][v]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t t = 0; t < frames; t++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < vectors; v++) store_part(y + t * ystride + v * LANES, sum[t][v], width - v * LANES);
}

INLINE void conv_columns(float *y, size_t ystride, const float *x, size_t xstride, const float *w, const float *bias,
                         size_t count, size_t step, size_t inputs, size_t taps, size_t dilation, size_t width,
                         int accumulate, size_t vectors) {
    size_t t = 0;
#define TILES(frames)                                                                                                \
    for (; t + (frames) <= count; t += (frames))                                                                     \
        conv_tile(y + t * ystride, ystride, x + t * step * xstride, xstride, w, bias, step, inputs, taps, dilation,  \
                  width, accumulate, frames, vectors, sizeof(float), 0);
    TILES(CONV_FRAMES)
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

static void conv_f32(float *y, size_t ystride, const float *x, size_t xstride, const float *w, const float *bias,
                     size_t count, size_t step, size_t inputs, size_t outputs, size_t taps, size_t dilation,
                     size_t first, size_t last, int accumulate) {
    for (size_t panel = first; panel < last; panel++)
        for (size_t part = 0; part < MK_PANEL; part += 2 * LANES) {
            size_t o = panel * MK_PANEL + part;
            if (o >= outputs) break;
            size_t width = outputs - o < 2 * LANES ? outputs - o : 2 * LANES;
            const float *weight = w + panel * taps * inputs * MK_PANEL + part, *start = bias + o;
            if (width > LANES)
                conv_columns(y + o, ystride, x, xstride, weight, start, count, step, inputs, taps, dilation, width,
                             accumulate, 2);
            else
                conv_columns(y + o, ystride, x, xstride, weight, start, count, step, inputs, taps, dilation, width,
                             accumulate, 1);
        }
}

/// A row of snake, and the largest magnitude in it.
INLINE int32_t snake_row(float *y, const float *x, const float *alpha, const float *inverse_beta, size_t channels) {
    ivec largest = {0};
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES) {
        vec value = load(x + c), wave = sine_squared(value * load(alpha + c));
        vec result = fma_(wave, load(inverse_beta + c), value);
        store(y + c, result);
        largest = __builtin_elementwise_max(largest, magnitude(result));
    }
    if (c < channels) {
        size_t rest = channels - c;
        vec value = load_part(x + c, rest), wave = sine_squared(value * load_part(alpha + c, rest));
        vec result = fma_(wave, load_part(inverse_beta + c, rest), value);
        store_part(y + c, result, rest);
        largest = __builtin_elementwise_max(largest, magnitude(result));
    }
    return __builtin_reduce_max(largest);
}

static void snake(float *y, const float *x, const float *alpha, const float *inverse_beta, size_t count,
                  size_t channels) {
    for (size_t t = 0; t < count; t++) snake_row(y + t * channels, x + t * channels, alpha, inverse_beta, channels);
}
