// The numeric operations of makima: one table of functions, filled for each instruction set.
//
// `scalar/` defines what each operation means; the other folders only make it faster. Operations are pure: no threads,
// no allocation, no I/O, no environment. Pointers need no alignment and outputs never overlap inputs unless the
// operation says so. Matrices are row-major; `stride` counts elements from one row to the next.
//
// Batch invariance: the result for vector j never depends on n, on the other vectors, or on how a range of rows or
// outputs was split between calls. Streams, batches and thread counts then cannot change a sample.
#ifndef MAKIMA_KERNELS_H
#define MAKIMA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Weights of one int4 group share a scale.
#define MK_Q4_GROUP 32
/// Outputs of a packed convolution are stored in panels of this many.
#define MK_PANEL 32

/// Rows of 16-bit activations reach ±MK_Q16_LEVELS.
#define MK_Q16_LEVELS 16383
/// A row whose values spread less than this is stored as zeros, so that the inverse of its scale stays finite.
#define MK_SILENCE 1e-30f
/// So many inputs of 16 bits are summed exactly before the sum becomes a float.
#define MK_Q16_GROUP 64
/// 16-bit numbers of two bytes, 256·high + low with signs, reach ±MK_S16_LEVELS; so many inputs of them are summed exactly.
#define MK_S16_LEVELS 32512
#define MK_S16_GROUP 256
/// conv_winograd makes tiles of some outputs from a product at each of outputs + taps - 1 points, at most so many.
#define MK_WINOGRAD_POINTS 16
/// So many tiles of outputs are transformed together at most.
#define MK_WINOGRAD_TILES 36

/// Integer activations: rows of `words` words, four bytes each, that hold two int16 or four uint8 channels, or of quantize_s16
/// the high bytes of four channels and after all these the low ones; the channels beyond the last are zero.
typedef struct {
    const void *values;
    size_t words;
    const float *scales;  // of each row
    const float *lows;    // uint8 only: what a stored 0 means. x = low + scale·q
} mk_integer_rows;

/// Weights of an integer convolution, made by mk_pack_q16, mk_pack_q8 or mk_pack_s16: those that meet a word of activations, of
/// each output, in the order [panel][tap][word][MK_PANEL]; of conv_s16 high bytes, then low ones, [panel][tap][word][2][MK_PANEL].
/// `words` counts those of four channels once. Vectors per output are padded to whole panels.
typedef struct {
    const void *weights;  // int16 for conv_q16, else int8
    const float *scales;  // [panel][tap][MK_PANEL]
    const float *sums;    // conv_q8 only: Σ of an output's weights at each tap, [panel][tap][MK_PANEL]
    const float *bias;    // [outputs]
    size_t words, outputs, taps, dilation, step;
} mk_integer_convolution;

/// A convolution by Winograd's transform, in tiles of 10, 6 or 4 outputs of seven taps or of 5 of two. Rows come in periods, of at
/// least `dilation` rows each, and what is computed for one depends on no other period's tiles: a signal may be cut between
/// them.
typedef struct {
    const void *weights;  // of mk_pack_winograd, float32 or int16, [panel][point][input][MK_PANEL]
    const float *scales;  // of int16 ones, [panel][point][MK_PANEL]; else NULL
    const float *bias;    // [outputs], padded to whole panels
    size_t inputs, outputs, taps, tile, dilation, period;
} mk_winograd_convolution;

/// Where the weights of a convolution lie in a checkpoint: element (output o, tap k, input i) is number
/// first + (o / channels)·phase + (o % channels)·output + k·tap + i·input. A transposed convolution has `channels` real
/// outputs and a phase for each output row of an input row; its kernel may end within the last tap: there element numbers
/// within a kernel are (o / channels)·phase + first + k·tap, and those from `kernel` on are zero.
typedef struct {
    const void *values;  // float32 or bfloat16, aligned to nothing
    int bf16;
    size_t inputs, outputs, taps, channels, kernel;
    ptrdiff_t first, phase, output, tap, input;
} mk_convolution_source;

typedef struct {
    /// Of the instruction set, which is that of its folder: "scalar".
    const char *name;

    // ---- linear layers: y[j*ystride + r] = Σ_i w[r][i]·x[j][i] (+ bias[r] unless NULL), r in [first, last), j < n ----

    /// Float weights w[rows][cols], float activations x[n][xstride]. 1 <= n <= 16.
    void (*linear_f32)(float *y, size_t ystride, const float *w, const float *bias, const float *x, size_t xstride,
                       size_t n, size_t cols, size_t first, size_t last);
    /// The same with bfloat16 weights, widened exactly; activations and sums stay float.
    void (*linear_bf16)(float *y, size_t ystride, const uint16_t *w, const float *bias, const float *x, size_t xstride,
                        size_t n, size_t cols, size_t first, size_t last);
    /// int8 weights with a scale per row; activations from quantize_q8, q[n][cols], one scale per vector.
    /// 1 <= n <= 16. y = wscale[r]·xscale[j]·Σ w·q: the sum is exact in int32 (cols <= 65536), the two products are rounded in that order
    /// ((float)sum * (wscale[r] * xscale[j])), then bias: every instruction set gives the same bits.
    void (*linear_q8)(float *y, size_t ystride, const int8_t *w, const float *wscale, const float *bias,
                      const int8_t *q, const float *xscale, size_t n, size_t cols, size_t first, size_t last);
    /// int4 weights: w[rows][cols/2] bytes, element 2i in the low nibble and 2i+1 in the high nibble of byte i, stored plus 8
    /// (0..15 means -8..7); wscale[rows][cols/32] in bfloat16. Activations from quantize_q8_split. cols is a multiple of 32.
    /// y = xscale[j] · Σ_g float(wscale[r][g]) · (Σ_{i in g} w·q). 1 <= n <= 16.
    void (*linear_q4)(float *y, size_t ystride, const uint8_t *w, const uint16_t *wscale, const float *bias,
                      const int8_t *q, const int32_t *offsets, const float *xscale, size_t n, size_t cols,
                      size_t first, size_t last);

    /// q[i] = round to nearest even(x[i]·127/max|x|), *scale = max|x|/127. All q are 0 where 127/max|x| is infinite, and where
    /// x holds an infinity or a NaN: then *scale is NaN, and so is what a layer makes of it. Bit-exact everywhere.
    void (*quantize_q8)(int8_t *q, float *scale, const float *x, size_t cols);
    /// The same values with even elements first, then odd ones (q[cols/2 + i] = element 2i+1), and -8 times the sum of each
    /// eight consecutive original elements, offsets[cols/8]: what weights stored plus 8 add too much. cols is a multiple of 32.
    void (*quantize_q8_split)(int8_t *q, int32_t *offsets, float *scale, const float *x, size_t cols);

    // ---- transformer ----

    /// y = weight · x / sqrt(mean(x²) + eps), [n]. y may be x.
    void (*rms_norm)(float *y, const float *x, const float *weight, size_t n, float eps);
    /// y = weight · (x - mean) / sqrt(variance + eps) + bias, [n]. y may be x.
    void (*layer_norm)(float *y, const float *x, const float *weight, const float *bias, size_t n, float eps);
    /// Rotates pairs (i, i + dim/2) of each head in place: x[heads][dim], cos and sin [dim/2].
    void (*rope)(float *x, const float *cos, const float *sin, size_t heads, size_t dim);
    /// y = silu(gate) · up, [n]. y may be gate.
    void (*silu_mul)(float *y, const float *gate, const float *up, size_t n);
    /// y += scale · x, with scale[n], or plain addition when scale is NULL. [n]
    void (*add)(float *y, const float *x, const float *scale, size_t n);
    /// One query position, one key/value head shared by `group` query heads: q[group][dim], k[count][kstride],
    /// v[count][kstride], out[group][dim]; softmax(scale·q·k)·v. scores is scratch of group·count.
    void (*attention)(float *out, const float *q, const float *k, const float *v, size_t group, size_t dim,
                      size_t count, size_t kstride, float scale, float *scores);
    /// The same over k and v from round_f16: the bits of `attention` over what they are when widened.
    void (*attention_f16)(float *out, const float *q, const uint16_t *k, const uint16_t *v, size_t group, size_t dim,
                          size_t count, size_t kstride, float scale, float *scores);
    /// y[i] = x[i] in IEEE half precision, [n]: rounded to nearest even, what is finite and beyond ±65504 to ±65504; infinities
    /// and NaN stay what they are. Bit-exact everywhere.
    void (*round_f16)(uint16_t *y, const float *x, size_t n);
    /// y = silu(x), y = gelu(x) with erf, [n]. y may be x.
    void (*silu)(float *y, const float *x, size_t n);
    void (*gelu)(float *y, const float *x, size_t n);
    /// y = x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), [n]: the gelu of GPT-2. y may be x.
    void (*gelu_tanh)(float *y, const float *x, size_t n);
    /// y = x·tanh(log(1 + exp(x))), [n]. y may be x.
    void (*mish)(float *y, const float *x, size_t n);
    /// y = x > 0 ? x : slope·x, [n]. y may be x.
    void (*leaky_relu)(float *y, const float *x, float slope, size_t n);
    /// y[i] = exp(scale·(x[i] - max x)) / Σ of these, [n], scale > 0, n > 0. y may be x.
    void (*softmax)(float *y, const float *x, float scale, size_t n);

    // ---- convolutions over time-major signals x[time][channels] ----

    /// Packed convolution, also transposed convolution (one tap per input frame, outputs = stride·channels) and GEMM (one tap):
    /// y[t][o] = bias[o] + Σ_k Σ_c w[k][c][o] · x[t·step + k·dilation][c] for t < count and panels [first, last) of MK_PANEL
    /// outputs. Weights are packed w[panel][k][c][MK_PANEL], outputs beyond `outputs` hold zero and are not written.
    /// x points at the oldest row needed by t = 0. Sums run over k, then c, one fused multiply-add each, starting from the
    /// bias, or with accumulate != 0 from y + bias.
    void (*conv_f32)(float *y, size_t ystride, const float *x, size_t xstride, const float *w, const float *bias,
                     size_t count, size_t step, size_t inputs, size_t outputs, size_t taps, size_t dilation,
                     size_t first, size_t last, int accumulate);
    /// conv_f32 with fewer multiplications, by Winograd's transform (winograd.h), for tiles [from, to) of which a period has
    /// dilation · ceil(period / (tile·dilation)), and panels [first, last): inputs and products are transformed with one fused
    /// multiply-add after the other in the order of winograd.h, products summed over the inputs as conv_f32 does, and where
    /// weights are integers multiplied by the scale. x points at the oldest row needed by row 0 of y. scratch holds (tile + taps -
    /// 1) · (inputs + MK_PANEL) floats for each tile, of MK_WINOGRAD_TILES at most.
    void (*conv_winograd)(float *y, size_t ystride, const float *x, size_t xstride, const mk_winograd_convolution *c,
                          float *scratch, size_t from, size_t to, size_t first, size_t last);
    /// conv_f32 with 16-bit integers: y[t][o] = bias[o] + Σ_k Σ_g (wscale[k][o]·float(Σ_{c in g} w·q)) · scale[t·step +
    /// k·dilation], where g are groups of MK_Q16_GROUP inputs; with accumulate != 0 added to y. Integer sums are exact and the
    /// float operations have one order, one fused multiply-add for each group: every instruction set gives the same bits.
    void (*conv_q16)(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                     size_t first, size_t last, int accumulate);
    /// The same with weights of 8 bits: half as much to read where few rows share them.
    void (*conv_q8_q16)(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate);
    /// Weights and activations of 8 bits: y[t][o] = bias[o] + Σ_k ((wscale·float(Σ_c w·q))·scale + (wscale·Σ_c w)·low) with
    /// scale and low of row t·step + k·dilation.
    void (*conv_q8)(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                    size_t first, size_t last, int accumulate);
    /// Weights and activations of 16 bits by products of bytes: y[t][o] = bias[o] + Σ_k Σ_g (wscale·float(s))·scale where s is
    /// Σ_{c in g} w·q / 256 to the nearest, half a step up, with groups of MK_S16_GROUP inputs, as conv_q16 otherwise.
    void (*conv_s16)(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c, size_t count,
                     size_t first, size_t last, int accumulate);
    /// The same activations with weights of 8 bits, exactly: half as much to read. Σ_{c in g} (256·w·qh + w·ql) instead.
    void (*conv_q8_s16)(float *y, size_t ystride, const mk_integer_rows *x, const mk_integer_convolution *c,
                        size_t count, size_t first, size_t last, int accumulate);
    /// `count` rows of x to integers, each with its own scale: q = round to nearest even(x·levels / max|x|), padded with
    /// zeros to an even number of channels. A row with an infinity or a NaN gets the scale NaN. Bit-exact everywhere.
    void (*quantize_q16)(int16_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels);
    /// The same with q = round(x·MK_S16_LEVELS / max|x|) in two bytes, for conv_s16 and conv_q8_s16, padded to a multiple of four channels.
    void (*quantize_s16)(int8_t *q, float *scales, const float *x, size_t xstride, size_t count, size_t channels);
    /// snake and quantize_q16 in one pass; scratch[channels].
    void (*snake_q16)(int16_t *q, float *scales, const float *x, const float *alpha, const float *inverse_beta,
                      float *scratch, size_t count, size_t channels);
    /// snake to bytes: low is the smallest value of a row, scale = (largest - low) / 255, q = round((x - low) / scale);
    /// padded with zeros to a multiple of four channels.
    void (*snake_q8)(uint8_t *q, float *scales, float *lows, const float *x, const float *alpha,
                     const float *inverse_beta, float *scratch, size_t count, size_t channels);
    /// Depthwise: y[t][c] = bias[c] + Σ_k w[k][c]·x[t + k][c]. x[count + taps - 1][channels], w[taps][channels].
    void (*conv_depthwise)(float *y, const float *x, const float *w, const float *bias, size_t count, size_t channels,
                           size_t taps);
    /// y[t][c] = x + sin²(x·alpha[c])·inverse_beta[c]. y may be x.
    void (*snake)(float *y, const float *x, const float *alpha, const float *inverse_beta, size_t count, size_t channels);
    /// y = x > 0 ? x : exp(x) - 1, [n]. y may be x.
    void (*elu)(float *y, const float *x, size_t n);
} mk_kernels;

/// Packs panels for conv_f32, those of numbers [first, last) in an order of its own: that in which the source is read fastest.
void mk_pack_f32(float *packed, const mk_convolution_source *source, size_t first, size_t last);
/// The same for conv_winograd with tiles of so many outputs, transformed in double precision: as int16 with
/// `scales`, as float32 when these are NULL. scratch [tile + 2·taps - 1][inputs][MK_PANEL]. Returns 0 when a weight of an integer
/// is not finite.
int mk_pack_winograd(void *packed, float *scales, float *scratch, const mk_convolution_source *source, size_t tile,
                     size_t first, size_t last);
/// The same for conv_q16. The scale of an output's tap is the smallest at which no sum of a group can
/// overflow, whatever the activations are. scales holds whole panels, scratch [taps][inputs][MK_PANEL]. Returns 0 when a
/// weight is not finite.
int mk_pack_q16(int16_t *packed, float *scales, float *scratch, const mk_convolution_source *source, size_t first,
                size_t last);
/// The same for conv_q8 and conv_q8_s16 with `each` = 4, for conv_q8_q16 with `each` = 2 channels to a word; sums may be NULL
/// but for conv_q8.
int mk_pack_q8(int8_t *packed, float *scales, float *sums, float *scratch, const mk_convolution_source *source,
               size_t each, size_t first, size_t last);

/// The same for conv_s16, [panel][tap][word][2][MK_PANEL] words; scales are those of the high bytes.
int mk_pack_s16(int8_t *packed, float *scales, float *scratch, const mk_convolution_source *source, size_t first,
                size_t last);

/// The tables that this build has code for and this processor can run, from the definition to the best: number `index` of
/// them, NULL beyond the last. sets.h lists the instruction sets.
const mk_kernels *mk_kernels_at(size_t index);

#endif
