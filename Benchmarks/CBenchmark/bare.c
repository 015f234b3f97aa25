// What a plain streaming engine could reach: the weights of a frame, each read once, with rows in lanes, and nothing else.
// After the project's first measurements of its limits; the engine is compared with it in the same run.
#include "cbenchmark.h"
#include "parallel.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef struct {
    size_t rows, columns, bytes;
    const char *weights;
} matrix;

typedef struct {
    mb_format format;
    int is_avx512;
    const matrix *current;
    int vectors;
    // One activation in every form: bfloat16 pairs, bytes, signed bytes.
    uint32_t x[2][8192];
    float y[2][65536];
    volatile double sink[MB_MAX_THREADS][16];
} loop;

static size_t matrix_bytes(mb_format format, size_t rows, size_t columns) {
    switch (format) {
    case MB_BF16: return rows * columns * 2;
    case MB_INT8: return rows * columns;
    default: return rows * columns / 2 + rows * (columns / 32) * 2;
    }
}

#if defined(__x86_64__)
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16")))

// 16 rows in the lanes, columns in pairs; 32 rows at a time.
AVX512 static void rows_bf16(loop *l, const matrix *m, size_t first, size_t last) {
    for (size_t row = first; row < last; row += 32)
        for (int v = 0; v < l->vectors; v++) {
            const char *a = m->weights + row * m->columns * 2, *b = a + m->columns * 32;
            __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
            for (size_t k = 0; k < m->columns / 2; k += 2) {
                __m512bh x0 = (__m512bh)_mm512_set1_epi32((int)l->x[v][k]), x1 = (__m512bh)_mm512_set1_epi32((int)l->x[v][k + 1]);
                s0 = _mm512_dpbf16_ps(s0, (__m512bh)_mm512_loadu_si512(a + k * 64), x0);
                s1 = _mm512_dpbf16_ps(s1, (__m512bh)_mm512_loadu_si512(a + k * 64 + 64), x1);
                s2 = _mm512_dpbf16_ps(s2, (__m512bh)_mm512_loadu_si512(b + k * 64), x0);
                s3 = _mm512_dpbf16_ps(s3, (__m512bh)_mm512_loadu_si512(b + k * 64 + 64), x1);
            }
            _mm512_storeu_ps(l->y[v] + row, _mm512_add_ps(s0, s1));
            _mm512_storeu_ps(l->y[v] + row + 16, _mm512_add_ps(s2, s3));
        }
}

// 16 rows in the lanes, columns in fours; both vectors in one pass over the weights.
AVX512 static void rows_int8(loop *l, const matrix *m, size_t first, size_t last) {
    for (size_t row = first; row < last; row += 32) {
        const char *a = m->weights + row * m->columns, *b = a + m->columns * 16;
        __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0;
        const uint32_t *x = l->x[0], *z = l->x[1];
        if (l->vectors == 1)
            for (size_t k = 0; k < m->columns / 4; k += 2) {
                __m512i x0 = _mm512_set1_epi32((int)x[k]), x1 = _mm512_set1_epi32((int)x[k + 1]);
                s0 = _mm512_dpbusd_epi32(s0, x0, _mm512_loadu_si512(a + k * 64));
                s1 = _mm512_dpbusd_epi32(s1, x1, _mm512_loadu_si512(a + k * 64 + 64));
                s2 = _mm512_dpbusd_epi32(s2, x0, _mm512_loadu_si512(b + k * 64));
                s3 = _mm512_dpbusd_epi32(s3, x1, _mm512_loadu_si512(b + k * 64 + 64));
            }
        else
            for (size_t k = 0; k < m->columns / 4; k++) {
                __m512i x0 = _mm512_set1_epi32((int)x[k]), z0 = _mm512_set1_epi32((int)z[k]);
                __m512i w0 = _mm512_loadu_si512(a + k * 64), w1 = _mm512_loadu_si512(b + k * 64);
                s0 = _mm512_dpbusd_epi32(s0, x0, w0), s1 = _mm512_dpbusd_epi32(s1, z0, w0);
                s2 = _mm512_dpbusd_epi32(s2, x0, w1), s3 = _mm512_dpbusd_epi32(s3, z0, w1);
            }
        _mm512_storeu_ps(l->y[0] + row, _mm512_cvtepi32_ps(_mm512_add_epi32(s0, s1)));
        _mm512_storeu_ps(l->y[0] + row + 16, _mm512_cvtepi32_ps(_mm512_add_epi32(s2, s3)));
    }
}

// Blocks of 16 rows and 32 columns: 16 half-precision scales, then 4 vectors of nibbles.
AVX512 static void rows_int4(loop *l, const matrix *m, size_t first, size_t last) {
    enum { BLOCK = 288 };
    const __m512i low = _mm512_set1_epi8(15);
    for (size_t row = first; row < last; row += 16) {
        const char *w = m->weights + row / 16 * (m->columns / 32) * BLOCK;
        __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
        for (size_t block = 0; block < m->columns / 32; block++, w += BLOCK) {
            __m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)w));
            for (int v = 0; v < l->vectors; v++) {
                const uint32_t *x = l->x[v] + block * 8;
                __m512i even = _mm512_set1_epi32(-1000), odd = _mm512_setzero_si512();
                for (int i = 0; i < 4; i++) {
                    __m512i pair = _mm512_loadu_si512(w + 32 + 64 * i);
                    even = _mm512_dpbusd_epi32(even, _mm512_and_si512(pair, low), _mm512_set1_epi32((int)x[2 * i]));
                    odd = _mm512_dpbusd_epi32(odd, _mm512_and_si512(_mm512_srli_epi16(pair, 4), low),
                                              _mm512_set1_epi32((int)x[2 * i + 1]));
                }
                sum[v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)), scale, sum[v]);
            }
        }
        for (int v = 0; v < l->vectors; v++) _mm512_storeu_ps(l->y[v] + row, sum[v]);
    }
}

static int has_avx512(void) {
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#else
static int has_avx512(void) { return 0; }
#endif

typedef uint64_t words __attribute__((vector_size(32)));

static double only_read(const char *memory, size_t bytes) {
    words sum[4] = {0};
    for (const char *at = memory, *end = memory + bytes / 128 * 128; at < end; at += 128)
        for (int i = 0; i < 4; i++) {
            words value;
            memcpy(&value, at + 32 * i, 32);
            sum[i] += value;
        }
    return (double)((sum[0] + sum[1]) + (sum[2] + sum[3]))[0];
}

static void part(void *context, int index, int threads) {
    loop *l = context;
    const matrix *m = l->current;
    size_t groups = m->rows / 32;
    size_t first = groups * (size_t)index / (size_t)threads * 32, last = groups * (size_t)(index + 1) / (size_t)threads * 32;
#if defined(__x86_64__)
    if (l->is_avx512) {
        if (l->format == MB_BF16) rows_bf16(l, m, first, last);
        if (l->format == MB_INT8) rows_int8(l, m, first, last);
        if (l->format == MB_INT4) rows_int4(l, m, first, last);
        return;
    }
#endif
    size_t row = m->bytes / m->rows;
    l->sink[index][0] = only_read(m->weights + first * row, (last - first) * row);
}

// The matrices of a stack, layer by layer, and `heads` heads behind them.
static size_t lay_out(matrix *all, mb_format format, mb_stack s, size_t heads) {
    size_t count = 0;
    for (size_t layer = 0; layer < s.layers; layer++) {
        size_t shapes[4][2] = {{s.query + 2 * s.key_value, s.hidden}, {s.hidden, s.query},
                               {2 * s.intermediate, s.hidden}, {s.hidden, s.intermediate}};
        for (int i = 0; i < 4; i++) all[count++] = (matrix){shapes[i][0], shapes[i][1], 0, NULL};
    }
    for (size_t head = 0; head < heads; head++) all[count++] = (matrix){s.vocabulary, s.hidden, 0, NULL};
    for (size_t i = 0; i < count; i++) all[i].bytes = matrix_bytes(format, all[i].rows, all[i].columns);
    return count;
}

static void fill(char *memory, size_t bytes, mb_format format) {
    uint64_t state = 1;
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t value = format == MB_BF16 ? (state & 0x807f807f807f807fu) | 0x3c003c003c003c00u : state;
        if (format == MB_INT4 && i % 288 < 32) value = 0x2000200020002000u;
        memcpy(memory + i, &value, 8);
    }
}

struct mb_bare {
    loop loop;
    matrix *matrices;
    size_t talkers, layers, passes;  // matrices of the talker, of a pass of the code predictor; passes
    char *memory;
    int threads;
};

static void multiply(mb_team *team, loop *l, const matrix *m, int vectors) {
    l->current = m;
    l->vectors = vectors;
    mb_team_run(team, part, l);
}

mb_bare *mb_bare_open(mb_format format, mb_stack talker, mb_stack predictor, size_t passes, int threads) {
    mb_bare *b = calloc(1, sizeof *b);
    matrix *all = malloc((4 * (talker.layers + predictor.layers) + passes + 1) * sizeof *all);
    size_t talkers = lay_out(all, format, talker, 1);
    size_t count = talkers + lay_out(all + talkers, format, predictor, passes);
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += (all[i].bytes + 127) / 128 * 128;
    char *at = b->memory = mb_reserve(bytes);
    fill(b->memory, bytes, format);
    for (size_t i = 0; i < count; i++) all[i].weights = at, at += (all[i].bytes + 127) / 128 * 128;
    b->matrices = all, b->talkers = talkers, b->layers = 4 * predictor.layers, b->passes = passes, b->threads = threads;
    b->loop.format = format;
    b->loop.is_avx512 = has_avx512();
    for (size_t i = 0; i < 8192; i++) b->loop.x[0][i] = b->loop.x[1][i] = format == MB_BF16 ? 0x3c003c00u : 0x11101312u;
    return b;
}

mb_frame mb_bare_frame(mb_bare *b) {
    const matrix *layers = b->matrices + b->talkers, *heads = layers + b->layers;
    mb_team *team = mb_team_start(b->threads);
    mb_frame result = {0};
    for (int frame = 0; frame < 2; frame++) {  // the first one warms up
        double start = mb_now();
        for (size_t i = 0; i < b->talkers; i++) multiply(team, &b->loop, b->matrices + i, 1);
        double middle = mb_now();
        for (size_t pass = 0; pass < b->passes; pass++) {
            for (size_t i = 0; i < b->layers; i++) multiply(team, &b->loop, layers + i, pass == 0 ? 2 : 1);
            multiply(team, &b->loop, heads + pass, 1);
        }
        result = (mb_frame){(middle - start) * 1e3, (mb_now() - middle) * 1e3};
    }
    mb_team_stop(team);
    return result;
}

void mb_bare_close(mb_bare *b) {
    mb_release(b->memory);
    free(b->matrices);
    free(b);
}
