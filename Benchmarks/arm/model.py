"""The time of a frame on a device: for each layer the longer of its arithmetic and its reading, and what a step costs besides.

    layer = max(cycles · share of the busiest thread / clock, bytes / bandwidth) + what one thread does alone + hand-overs

No factor is fitted. Four shares, measured by chip.c on the machine that the model runs on and used for every device, say how near the
kernels come to what llvm-mca computes (`arithmetic`; `transform` for convolutions by the transform, whose inputs fit no cache of a
core) and to plain reading (`memory`), and how much of the shorter of the two a convolution does beside the longer (`overlap`); the rest
is added."""

import collections
import dataclasses
import math

import frame as frames
import timing

# As Linear.grain, PackedConvolution.grain, WinogradTransform.grain and ConvolutionInput.grain: rows of weights, rows of time, tiles
# and rows of time that a thread takes at least.
LINEAR_GRAIN, TIME_GRAIN, TILE_GRAIN, WRITE_GRAIN = 32, 24, 16, 16
# MK_WINOGRAD_TILES: tiles that are transformed together.
TOGETHER = 36
# Positions in the talker's cache: four seconds of speech.
POSITIONS = 50
LINE = 64


@dataclasses.dataclass(frozen=True)
class Costs:
    """What is measured here and used for every device."""

    arithmetic: float = 1.0
    memory: float = 1.0
    # Seconds of a fork and its join; and of the beginning of reading, each time that a layer's weights come from memory.
    hand_over: float = 0.5e-6
    beginning: float = 0
    overlap: float = 1.0
    transform: float = 1.0


@dataclasses.dataclass
class Stage:
    """Seconds of a part of a frame, and what they are made of: of the layers that wait for memory, and of the others."""

    seconds: float = 0
    reading: float = 0
    computing: float = 0
    alone: float = 0
    handing_over: float = 0
    bytes: float = 0
    multiply_adds: int = 0

    def add(self, computing, reading, alone, handing_over, read, multiply_adds, overlap=1.0):
        waiting = (1 - overlap) * min(computing, reading)
        self.seconds += max(computing, reading) + waiting + alone + handing_over
        self.reading += reading if reading >= computing else 0
        self.computing += computing if computing > reading else 0
        self.alone += alone
        self.handing_over += handing_over
        self.bytes += read
        self.multiply_adds += multiply_adds


def share(count, grain, threads):
    """What part of `count` the busiest of the threads does."""
    grains = -(-count // grain)
    most = max(grains * (i + 1) // threads - grains * i // threads for i in range(threads))
    return most / grains


class Model:
    """A device that computes frames with so many threads; all its cores without a number."""

    def __init__(self, device, costs, threads=None):
        self.device = device
        self.costs = costs
        self.threads = threads or device.cores
        self.timing = timing.of(device.kernels, device.processor)
        self.hertz = device.gigahertz * 1e9 * costs.arithmetic
        self.transforming_hertz = device.gigahertz * 1e9 * costs.transform
        self.bandwidth = costs.memory * (device.one_reads if self.threads == 1 else device.all_read)

    # ---- talker and code predictor ----

    def transformer(self, matrices, config, positions, stays, resident):
        """With `resident` nothing is read, with `stays` only what was not read for this frame."""
        counts = collections.Counter(matrix.key for matrix in matrices)
        again = self.again(distinct(matrix for matrix in matrices if counts[matrix.key] > 1))
        stage, seen = Stage(), set()
        for matrix in matrices:
            is_known = matrix.key in seen
            self.matrix(stage, matrix, resident or stays and is_known, again if is_known else self.bandwidth)
            seen.add(matrix.key)
            if matrix.name == "qkv":
                self.attention(stage, config, positions, matrix.vectors)
        return stage

    def again(self, size):
        """Bytes a second of weights that are read again and again, so many in all: some of those that do not fit the last cache are
        there still."""
        rates = self.device.rates
        larger = [i for i, (bytes, _) in enumerate(rates) if bytes >= size]
        if self.threads == 1 or not larger or not larger[0]:
            return self.bandwidth
        (low, fast), (high, slow) = rates[larger[0] - 1], rates[larger[0]]
        part = math.log(size / low) / math.log(high / low)
        return max(self.bandwidth, self.costs.memory * fast * (slow / fast) ** part)

    def matrix(self, stage, matrix, cached, rate):
        cycles = matrix.multiply_adds * self.timing.linear(matrix.operation, matrix.vectors, matrix.columns)
        computing = cycles * share(matrix.rows, LINEAR_GRAIN, self.threads) / self.hertz
        read = 0 if cached else matrix.bytes
        # The input of a layer is made ready by one thread: norm or gate, then integers.
        before = {"qkv": "rms_norm", "gate_up": "rms_norm", "head": "rms_norm", "down": "silu_mul"}.get(matrix.name)
        integers = {"linear_q8": "quantize_q8", "linear_q4": "quantize_q8_split"}.get(matrix.operation)
        elements = matrix.columns * matrix.vectors
        alone = elements * sum(self.timing.sweep(name) for name in (before, integers) if name)
        if matrix.name in ("o", "down"):
            alone += matrix.rows * matrix.vectors * self.timing.sweep("add")
        stage.add(
            computing, self.reading(read, rate), alone / self.hertz, self.forks(1), read, matrix.multiply_adds)

    def attention(self, stage, c, positions, vectors):
        """Keys and values in 16 bits, two query heads at a time: what a bfloat16 matrix by two vectors takes."""
        multiply_adds = 2 * c["num_attention_heads"] * c["head_dim"] * positions * vectors
        read = 2 * 2 * c["num_key_value_heads"] * c["head_dim"] * positions
        cycles = multiply_adds * self.timing.linear("linear_bf16", 2, c["head_dim"])
        computing = cycles * share(c["num_key_value_heads"], 1, self.threads) / self.hertz
        normed = (c["num_attention_heads"] + c["num_key_value_heads"]) * c["head_dim"] * vectors
        alone = normed * self.timing.sweep("rms_norm") / self.hertz
        stage.add(computing, self.reading(read), alone, self.forks(1), read, multiply_adds)

    def reading(self, count, rate=None):
        """Seconds to read so many bytes, from memory without a rate."""
        return count / (rate or self.bandwidth) + self.costs.beginning if count else 0

    def forks(self, count):
        return count * self.costs.hand_over if self.threads > 1 else 0

    # ---- codec ----

    def codec(self, layers, resident):
        stage = Stage()
        for layer in layers:
            self.convolution(stage, layer, resident)
        return stage

    def winograd(self, layer):
        """Cycles of the busiest thread, and how often the weights pass: tiles of outputs are transformed some together."""
        length = layer.tile * layer.dilation
        tiles = -(-layer.period // length) * layer.dilation * layer.frames
        by_tiles = tiles >= TILE_GRAIN * self.threads
        some = -(-tiles // self.threads) if by_tiles else tiles
        panels = layer.panels if by_tiles else -(-layer.panels // self.threads)
        outputs = min(layer.outputs, panels * frames.PANEL)
        form, sweep = f"{layer.tile}_{layer.taps}", self.timing.sweep
        product = self.timing.winograd(f"winograd_{layer.numbers}", layer.inputs, min(some, TOGETHER))
        cycles = layer.points * some * layer.inputs * outputs * product
        cycles += some * layer.inputs * sweep(f"winograd_inputs_{form}")
        cycles += some * outputs * sweep(f"winograd_outputs_{form}_{layer.numbers}")
        return cycles, -(-some // TOGETHER)

    def convolution(self, stage, layer, resident):
        if layer.format == "winograd":
            computing = self.winograd(layer)[0] / self.transforming_hertz
        else:
            computing = self.plain(layer) / self.hertz
        writing = layer.rows * layer.inputs * sum(map(self.timing.sweep, layer.writing))
        computing += writing * share(layer.rows, WRITE_GRAIN, self.threads) / self.hertz
        read = 0 if resident else self.read(layer)
        stage.add(computing, self.reading(read), 0, self.forks(2), read, layer.multiply_adds, self.costs.overlap)

    def plain(self, layer):
        """Cycles of the busiest thread: long signals are divided by rows, short ones by panels of outputs."""
        # One output takes the time of a vector of them.
        computed = layer.multiply_adds // layer.outputs * max(layer.outputs, self.timing.target.lanes)
        cycles = computed * self.timing.convolution(layer.operation, layer.inputs, layer.taps, layer.rows)
        by_rows = layer.rows >= 2 * TIME_GRAIN * self.threads
        return cycles * (share(layer.rows, TIME_GRAIN, self.threads) if by_rows else share(layer.panels, 1, self.threads))

    def read(self, layer):
        """Bytes of weights and activations that come from memory. The weights of a tile's outputs are read again for every tile
        when they do not stay in the cache; a line that holds those of several is read for each."""
        d = self.device
        cache = max(d.private_cache, d.last_cache // self.threads)
        each = 2 if layer.format == "int8Weights" else 4
        parts = max(1, frames.PANEL // (2 * self.timing.target.lanes))
        sharing = min(parts, max(1, LINE // (2 * self.timing.target.lanes * each)))
        panel = layer.bytes / layer.panels
        if layer.format == "winograd":
            weights = layer.bytes * (1 if layer.bytes <= d.last_cache else self.winograd(layer)[1])
        elif layer.operation in timing.SPLIT:
            weights = layer.bytes * (1 if panel <= cache else self.timing.tiles(layer.operation, layer.rows))
        elif panel <= cache:
            weights = layer.bytes
        elif panel * sharing / parts <= cache:
            weights = layer.bytes * sharing
        else:
            weights = layer.bytes * sharing * self.timing.tiles(layer.operation, layer.rows)
        signal = layer.rows * (layer.inputs + layer.outputs) * 4
        return weights + (layer.activations if signal > d.last_cache else 0)

    # ---- a frame ----

    def frame(self, frame):
        """Stages of a frame: talker, predictor, codec, and the codec of several frames at once. What is read again within a frame is read once where it fits the last cache,
        and nothing is where all of it does."""
        cache = self.device.last_cache
        passes = distinct(frame.predictor)
        resident = distinct(frame.talker) + passes + sum(layer.bytes for layer in frame.codec) <= cache
        talker, predictor = frame.config["talker_config"], frame.config["talker_config"]["code_predictor_config"]
        # A pass sees half the codes of a frame on average.
        seen = predictor["num_code_groups"] // 2
        return {
            "talker": self.transformer(frame.talker, talker, POSITIONS, False, resident),
            "predictor": self.transformer(frame.predictor, predictor, seen, passes <= cache, resident),
            "codec": self.codec(frame.codec, resident),
            "ahead": self.codec(frame.ahead, resident),
        }


def distinct(matrices):
    """Bytes of matrices, each counted once."""
    return sum({matrix.key: matrix.bytes for matrix in matrices}.values())
