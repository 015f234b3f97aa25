"""What a frame of 80 ms is: the matrices and convolutions that it passes, from the configuration of a model and from the formats
that CodecPrecision.swift chooses for the codec's layers."""

import dataclasses
import json
import re

from kernels import ROOT, ModelError

MODELS = {
    "0.6B": (ROOT / "Benchmarks/Bench/Shapes/config.json", ROOT / "Benchmarks/Bench/Shapes/speech_tokenizer.json"),
    "makima-mini": (
        ROOT / "Models/makima-mini/config.json", ROOT / "Models/makima-mini/speech_tokenizer/config.json"),
}
PRECISION = ROOT / "Sources/Qwen3TTS/Codec/CodecPrecision.swift"
PANEL = 32
# Bytes of a weight, and of what a matrix stores beside them: a scale for each row, or one of 16 bits for each 32 weights.
LINEAR_BYTES = {
    "int8": lambda rows, columns: rows * columns + 4 * rows,
    "int4": lambda rows, columns: rows * columns // 2 + 2 * rows * columns // 32,
    "bf16": lambda rows, columns: 2 * rows * columns,
}
LINEAR_OPERATIONS = {"int8": "linear_q8", "int4": "linear_q4", "bf16": "linear_bf16"}
# What a convolution of a format is computed by, and stores for a weight.
CONVOLUTIONS = {
    "float32": ("conv_f32", 4), "winograd": ("conv_winograd", 4), "int16": ("conv_q16", 2),
    "int8Weights": ("conv_q8_q16", 1), "int8": ("conv_q8", 1), "split16": ("conv_s16", 2), "split8": ("conv_q8_s16", 1),
}
# Fixed in the official code and in none of its configurations: taps, and positions that code 0 of a frame comes in.
PRE_TAPS, TAPS, DEPTHWISE_TAPS, TRANSPOSED = 3, 7, 7, 2
DILATIONS = (1, 3, 9)
# Rows a frame from which on conv_winograd takes weights of 32 bits, larger tiles of TAPS, and TRANSPOSED at all; and from which on
# the largest: ConvolutionShape.transform.
SOME_ROWS, MANY_ROWS = 64, 256
# Frames that become sound together while the listener is ahead: Qwen3Engine.framesAtOnce.
FRAMES_AHEAD = 4
# Vectors that the code predictor's first pass has: the talker's hidden state, and code 0.
FIRST_PASS = 2


@dataclasses.dataclass(frozen=True)
class Matrix:
    """Matrices [rows, columns] that read the same `vectors` and are computed as one, of the talker or the code predictor; `name` and
    `layer` say which of its stack."""

    name: str
    layer: int
    rows: int
    columns: int
    vectors: int
    format: str

    @property
    def multiply_adds(self):
        return self.rows * self.columns * self.vectors

    @property
    def key(self):
        return self.name, self.layer

    @property
    def bytes(self):
        return LINEAR_BYTES[self.format](self.rows, self.columns)

    @property
    def operation(self):
        return LINEAR_OPERATIONS[self.format]


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution or matrix of the codec decoder: `period` rows of time out of a frame, of which each has `outputs`, for so many
    `frames` together."""

    name: str
    kind: str
    inputs: int
    outputs: int
    taps: int
    period: int
    format: str
    snake: bool = False
    adds: bool = False
    dilation: int = 1
    frames: int = 1

    @property
    def rows(self):
        return self.period * self.frames

    @property
    def multiply_adds(self):
        return self.rows * self.outputs * self.inputs * self.taps

    @property
    def weights(self):
        return self.outputs * self.inputs * self.taps

    @property
    def tile(self):
        """Outputs that conv_winograd makes at once; a product at each point serves them."""
        return 5 if self.taps == TRANSPOSED else 4 if self.period < SOME_ROWS else 6 if self.period < MANY_ROWS else 10

    @property
    def points(self):
        return self.tile + self.taps - 1

    @property
    def numbers(self):
        """How conv_winograd stores weights."""
        return "int16" if self.period < SOME_ROWS else "float32"

    @property
    def bytes(self):
        if self.format == "winograd":
            return self.weights // self.taps * self.points * CONVOLUTIONS[self.numbers][1]
        return CONVOLUTIONS[self.format][1] * self.weights

    @property
    def operation(self):
        return CONVOLUTIONS[self.format][0]

    @property
    def panels(self):
        return -(-self.outputs // PANEL)

    @property
    def writing(self):
        """What makes the input ready."""
        if self.format in ("float32", "winograd"):
            return ("snake",) if self.snake else ()
        if self.format in ("split16", "split8"):
            return ("snake", "quantize_s16") if self.snake else ("quantize_s16",)
        return ("snake_q8" if self.format == "int8" else "snake_q16" if self.snake else "quantize_q16",)

    @property
    def activations(self):
        """Bytes that pass on the way in and out: x read, its integers written and read, y written, and read where it adds."""
        stored = {"float32": 4, "winograd": 4, "int8": 1}.get(self.format, 2)
        inputs = self.rows * self.inputs * (4 + 2 * stored)
        return inputs + self.rows * self.outputs * 4 * (2 if self.adds else 1)


# ---- talker and code predictor ----


def stack(c, vectors, form):
    """The matrices of the layers; q, k and v are one, gate and up as well."""
    heads = c["num_attention_heads"] * c["head_dim"]
    cached = c["num_key_value_heads"] * c["head_dim"]
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    shapes = (
        ("qkv", heads + 2 * cached, hidden), ("o", hidden, heads), ("gate_up", 2 * inner, hidden), ("down", hidden, inner))
    return [
        Matrix(name, layer, rows, columns, vectors, form)
        for layer in range(c["num_hidden_layers"])
        for name, rows, columns in shapes
    ]


def talker(config, form):
    c = config["talker_config"]
    return stack(c, 1, form) + [Matrix("head", 0, c["vocab_size"], c["hidden_size"], 1, form)]


def predictor(config, form, heads):
    """The passes of a frame one after the other; `heads` is the format of the heads."""
    outer, c = config["talker_config"], config["talker_config"]["code_predictor_config"]
    result = []
    for group in range(c["num_code_groups"] - 1):
        vectors = FIRST_PASS if group == 0 else 1
        if outer["hidden_size"] != c["hidden_size"]:
            result.append(Matrix("projection", 0, c["hidden_size"], outer["hidden_size"], vectors, form))
        result += stack(c, vectors, form)
        result.append(Matrix("head", group, c["vocab_size"], c["hidden_size"], 1, heads))
    return result


# ---- codec ----


def codec(config, precision, together=1):
    """The convolutions of the codec decoder in order, for one frame or for so many together; `precision` is a case of CodecPrecision."""
    c = config["decoder_config"]
    form = formats(precision)
    latent, width, hidden = c["latent_dim"], c["codebook_dim"], c["hidden_size"]

    def layer(name, kind, inputs, outputs, taps=1, rows=1, block=0, **more):
        chosen = form(kind, block)
        short = taps == TRANSPOSED and rows < SOME_ROWS or rows < more.get("dilation", 1)
        if chosen == "winograd" and short:
            chosen = "float32"
        return Convolution(name, kind, inputs, outputs, taps, rows, chosen, frames=together, **more)

    result = [layer("quantizer", "quantizer", width // 2, width) for _ in range(2)]
    result.append(layer("pre_conv", "preConvolution", width, latent, PRE_TAPS))
    result.append(layer("input_proj", "projection", latent, hidden))
    for _ in range(c["num_hidden_layers"]):
        result += transformer_layer(c, layer)
    result.append(layer("output_proj", "projection", hidden, latent))
    rows = 1
    for ratio in c["upsampling_ratios"]:
        result.append(layer("upsample", "upsampling", latent, ratio * latent, rows=rows))
        rows *= ratio
        result.append(layer("pwconv1", "pointwise", latent, 4 * latent, rows=rows))
        result.append(layer("pwconv2", "pointwise", 4 * latent, latent, rows=rows))
    result.append(layer("decoder.0", "first", latent, c["decoder_dim"], TAPS, rows))
    for block, rate in enumerate(c["upsample_rates"]):
        channels = c["decoder_dim"] >> (block + 1)
        result.append(
            layer(f"block {block}", "rate", 2 * channels, rate * channels, TRANSPOSED, rows, block, snake=True))
        rows *= rate
        for dilation in DILATIONS:
            result.append(
                layer(f"block {block}", "dilated", channels, channels, TAPS, rows, block, snake=True, dilation=dilation))
            result.append(layer(f"block {block}", "narrow", channels, channels, 1, rows, block, snake=True, adds=True))
    channels = c["decoder_dim"] >> len(c["upsample_rates"])
    result.append(layer("last", "last", channels, 1, TAPS, rows, snake=True))
    return result


def transformer_layer(c, layer):
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    heads, cached = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    return [
        layer("q", "attention", hidden, heads), layer("k", "attention", hidden, cached),
        layer("v", "attention", hidden, cached), layer("o", "attention", heads, hidden),
        layer("gate", "mlp", hidden, inner), layer("up", "mlp", hidden, inner), layer("down", "mlp", inner, hidden),
    ]


def precisions():
    """The cases of CodecPrecision."""
    enumeration = re.search(r"enum CodecPrecision\b.*?\n\}", PRECISION.read_text(), re.DOTALL)
    return re.findall(r"^    case (\w+)$", enumeration[0], re.MULTILINE)


def formats(precision):
    """The choices of CodecPrecision.format: a function of a layer's kind and its block."""
    source = PRECISION.read_text()
    if precision not in precisions():
        raise ModelError(f"CodecPrecision has no case {precision}.")
    body = re.search(r"func format\(_ layer: CodecLayer\).*?switch \(self, layer\) \{(.*?)\n        \}", source, re.DOTALL)
    if not body:
        raise ModelError("CodecPrecision.swift has no table of formats.")
    text = re.sub(r"//.*", "", body[1])
    cases = re.findall(r"case\s+(.+?):\s*(?:block > 0 \? \.(\w+) : )?\.(\w+)", text, re.DOTALL)

    def choose(kind, block):
        for patterns, later, first in cases:
            form = later if later and block > 0 else first
            for name, layer, condition in re.findall(
                r"\((?:\.(\w+)), (?:_|\.(\w+)(?:\(let block\))?)\)(?: where (block > 0))?", patterns
            ):
                if name == precision and layer in ("", kind) and (not condition or block > 0):
                    if form not in CONVOLUTIONS:
                        raise ModelError(f"The format {form} of CodecPrecision.swift is not known here.")
                    return form
        raise ModelError(f"CodecPrecision.swift has no format for {kind} at {precision}.")

    return choose


# ---- a frame ----


@dataclasses.dataclass(frozen=True)
class Frame:
    model: str
    talker: list
    predictor: list
    codec: list
    # The codec of FRAMES_AHEAD frames together.
    ahead: list
    config: dict
    tokenizer: dict


def frame(model, form, precision):
    """`form` is int8, int4 or bf16; makima-mini has its own (int8 with heads of int4), so `form` is ignored there."""
    config, tokenizer = (json.loads(path.read_text()) for path in MODELS[model])
    heads = form
    if model == "makima-mini":
        form, heads = stored_formats(config)
    return Frame(
        model, talker(config, form), predictor(config, form, heads), codec(tokenizer, precision),
        codec(tokenizer, precision, FRAMES_AHEAD), config, tokenizer)


def stored_formats(config):
    """The formats of layers and of the code predictor's heads, of a quantized checkpoint."""

    def of(name):
        for group in config["quantization_config"]["config_groups"].values():
            if any(re.match(target.removeprefix("re:"), name) for target in group["targets"]):
                return f"int{group['weights']['num_bits']}"
        return "bf16"

    return of("talker.model.layers.0.mlp.up_proj"), of("talker.code_predictor.lm_head.0")
