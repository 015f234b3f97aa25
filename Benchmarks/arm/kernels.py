"""What the kernels take: their inner loops in the assembly that this source gives, timed by llvm-mca for a processor.

Each operation is compiled with the arguments that choose its tile known, so that what is left is one nest of loops. The loops
are found in the assembly (assembly.py); the instructions of the innermost, and those of the loops around it, go to llvm-mca."""

import dataclasses
import functools
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import assembly

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources" / "CKernels"
BUILD = ROOT / ".build" / "cycles"
# As Package.swift compiles them.
FLAGS = ["-O3", "-ffp-contract=off", "-fno-math-errno", "-std=c11", "-w"]
# The arguments that a probe leaves open.
INTEGER_CONVOLUTION = "float *y, size_t ys, const mk_integer_rows *x, const mk_integer_convolution *open, size_t last"


class ModelError(Exception):
    """The model cannot be made; says why."""


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation of kernels.h as it is probed: `parameters` and `call`, in which {n} is the number of rows."""

    name: str
    parameters: str
    call: str
    # Multiply-adds of the instructions that count, in vectors of 128 bits.
    multiplies: dict
    # Numbers of rows that are computed at once; without them those of the tiles in the source.
    rows: tuple = ()


def integer_convolution(name, multiplies):
    call = f"mk_integer_convolution c = *open; c.outputs = last * MK_PANEL; {name}(y, ys, x, &c, {{n}}, 0, last, 0);"
    return Operation(name, INTEGER_CONVOLUTION, call, multiplies)


BYTES = {"sdot": 16, "usdot": 16, "smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8, "vpmaddubsw": 16, "vpdpbusd": 16}
FLOATS = {"fmla": 4, "vfmadd": 4}
SHORTS = {"mla": 4, "smull": 4, "smull2": 4, "smlal": 4, "smlal2": 4, "vpmaddwd": 8, "vpdpwssd": 8}
WORDS = {"mla": 4}


def split(products):
    """Multiply-adds of 16 bits that are so many products of bytes."""
    return {name: count / products for name, count in {**BYTES, **WORDS, "vpmulld": 4}.items()}


def winograd(name, size):
    """The products of conv_winograd, at all points, of tiles by channels, with weights of so many bytes."""
    parameters = "float *y, const float *x, const void *w, size_t inputs, size_t last"
    call = f"winograd_products(y, x, w, last, {{n}}, inputs, 2 * LANES, {size});"
    return Operation(name, parameters, call, FLOATS, rows=WINOGRAD_TILES)


# Tiles that winograd_columns takes at once.
WINOGRAD_TILES = (1, 2, 3, 4, 5, 6, 8, 9, 12)
HEADER = (SOURCES / "include" / "kernels.h").read_text()
OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation(
            "linear_q8",
            "float *y, size_t ys, const int8_t *w, const float *ws, const int8_t *q, const float *xs, size_t cols, size_t last",
            "linear_q8(y, ys, w, ws, 0, q, xs, {n}, cols, 0, 4 * last);", BYTES, rows=(1, 2)),
        Operation(
            "linear_q4",
            "float *y, size_t ys, const uint8_t *w, const uint16_t *ws, const int8_t *q, const int32_t *o, const float *xs,"
            " size_t cols, size_t last",
            "linear_q4(y, ys, w, ws, 0, q, o, xs, {n}, cols, 0, 4 * last);", BYTES, rows=(1, 2)),
        Operation(
            "linear_bf16",
            "float *y, size_t ys, const uint16_t *w, const float *x, size_t xs, size_t cols, size_t last",
            "linear_bf16(y, ys, w, 0, x, xs, {n}, cols, 0, 4 * last);", FLOATS, rows=(1, 2)),
        Operation(
            "conv_f32",
            "float *y, size_t ys, const float *x, size_t xs, const float *w, const float *b, size_t inputs, size_t taps,"
            " size_t dilation, size_t last",
            "conv_f32(y, ys, x, xs, w, b, {n}, 1, inputs, last * MK_PANEL, taps, dilation, 0, last, 0);", FLOATS),
        integer_convolution("conv_q16", SHORTS),
        integer_convolution("conv_q8_q16", SHORTS),
        integer_convolution("conv_q8", {**BYTES, **WORDS, "vpmaddwd": 8}),
        integer_convolution("conv_s16", split(4)),
        integer_convolution("conv_q8_s16", split(2)),
        winograd("winograd_float32", 4),
        winograd("winograd_int16", 2),
    )
    if operation.name.startswith("winograd") or f"(*{operation.name})" in HEADER
}
# Operations that pass over a row of elements, in one loop or several.
SWEEP = "float *restrict y, const float *x, float *restrict z, float *restrict s, size_t n"
SWEEPS = {
    "quantize_q8": "quantize_q8((int8_t *)y, s, x, n)",
    "quantize_q8_split": "quantize_q8_split((int8_t *)y, (int32_t *)z, s, x, n)",
    "rms_norm": "rms_norm(y, x, z, n, 1e-6f)",
    "silu_mul": "silu_mul(y, x, z, n)",
    "add": "add(y, x, 0, n)",
    "quantize_q16": "quantize_q16((int16_t *)y, s, x, n, 1, n)",
    "snake": "snake(y, x, z, s, 1, n)",
    "snake_q16": "snake_q16((int16_t *)y, s, x, z, s, y, 1, n)",
    "snake_q8": "snake_q8((uint8_t *)y, s, s, x, z, s, y, 1, n)",
}
if "(*quantize_s16)" in HEADER:
    SWEEPS |= {"quantize_s16": "quantize_s16((int8_t *)y, s, x, n, 1, n)"}
# The two transforms of each form, by tiles and channels; outputs also of integers.
ALL_LANES = "for (size_t i = 0; i + LANES <= n; i += LANES) "
WINOGRAD_FORMS = [
    tuple(map(int, found))
    for found in re.findall(r"\.outputs = (\d+), \.taps = (\d+)", (SOURCES / "winograd.h").read_text())
]
for number, (outputs, taps) in enumerate(WINOGRAD_FORMS):
    form = f"winograd_forms + {number}"
    whole = f"(winograd_tile){{0, 0, {outputs}, {outputs + taps - 1}}}"
    SWEEPS |= {
        f"winograd_inputs_{outputs}_{taps}": f"{ALL_LANES} winograd_inputs(y + i, n, x + i, n, n, LANES, {form})",
        f"winograd_outputs_{outputs}_{taps}_float32":
            f"{ALL_LANES} winograd_outputs(y + i, n, x + i, n, z + i, 0, {whole}, LANES, {form})",
        f"winograd_outputs_{outputs}_{taps}_int16":
            f"{ALL_LANES} winograd_outputs(y + i, n, x + i, n, z + i, s + i, {whole}, LANES, {form})",
    }


@dataclasses.dataclass(frozen=True)
class Target:
    """An instruction set of the kernels, as a compiler is told of it."""

    name: str
    lanes: int
    triple: str
    features: tuple

    @classmethod
    def of(cls, name):
        source = (SOURCES / name / "kernels.c").read_text()
        features = re.search(r'target\("([^"]*)"\)', source)
        triple = "aarch64-linux-gnu" if "__aarch64__" in source else "x86_64-linux-gnu"
        lanes = int(re.search(r"#define LANES (\d+)", source)[1])
        return cls(name, lanes, triple, tuple(features[1].split(",")) if features else ())

    @property
    def is_arm(self):
        return self.triple.startswith("aarch64")

    @property
    def flags(self):
        if not self.is_arm:
            return [f"--target={self.triple}"] + ["-m" + feature for feature in self.features]
        return [f"--target={self.triple}", "-march=" + "+".join(("armv8-a",) + self.features)]


# ---- compiling ----


def clang():
    found = os.environ.get("CLANG") or shutil.which("clang")
    if not found:
        raise ModelError("There is no clang: it is part of the Swift toolchain, and Debian has a package of that name.")
    return found


def head(target):
    """The operations of an instruction set without its table, so that only what is probed is compiled."""
    source = (SOURCES / target.name / "kernels.c").read_text()
    lines = []
    for line in source.splitlines():
        if line.startswith("#include <sys/") or line.startswith("#if defined(__linux__)") or " mk_" in line:
            break
        if not line.startswith("#pragma clang attribute") and not line.startswith("#if"):
            lines.append(re.sub(r'#include "', f'#include "{SOURCES}/{target.name}/', line))
    return "\n".join(lines)


def probe(name, parameters, call):
    return f"__attribute__((flatten, noinline, used)) void {name}({parameters}) {{ {call} }}"


@functools.cache
def tiles(target):
    """The numbers of rows that a convolution's tiles have: TILES(n) in the source, with `n` as the instruction set defines it."""
    texts = [path.read_text() for path in SOURCES.rglob("*.h")]
    names = sorted({name for text in texts for name in re.findall(r"^\s*TILES\((\w+)\)", text, re.MULTILINE)})
    lines = "\n".join(f"tile {name}" for name in names)
    done = subprocess.run(
        [clang(), *target.flags, "-w", f"-I{SOURCES / 'include'}", "-E", "-P", "-x", "c", "-"],
        input=head(target) + "\n" + lines, capture_output=True, text=True)
    values = re.findall(r"^tile (.+)$", done.stdout, re.M)
    if done.returncode or len(values) != len(names) or not names:
        raise ModelError(f"The tiles of {target.name} are not known: {done.stderr[:1000]}")
    return tuple(sorted({constant(value) for value in values}))


def constant(text):
    """The value of a C expression of numbers: n, or (a == b ? c : d)."""
    match = re.fullmatch(r"\(?(\d+) == (\d+) \? (\d+) : (\d+)\)?", text)
    return int(match[3 if match[1] == match[2] else 4]) if match else int(text)


def probes(target):
    """C of every operation with its arguments known."""
    result = []
    for operation in OPERATIONS.values():
        for rows in operation.rows or tiles(target):
            name = f"probe_{operation.name}_{rows}"
            result.append(probe(name, operation.parameters, operation.call.replace("{n}", str(rows))))
    for name, call in SWEEPS.items():
        result.append(probe(f"probe_{name}", SWEEP, call + ";"))
    return "\n".join(result)


@functools.cache
def compiled(target):
    """Assembly of the probes; kept as long as neither source nor compiler changes."""
    source = head(target) + "\n" + probes(target) + "\n"
    command = [clang(), *target.flags, *FLAGS, f"-I{SOURCES / 'include'}", "-S", "-x", "c", "-", "-o", "-"]
    key = hashlib.sha256("\0".join([source, *command, version(clang())]).encode())
    for path in sorted(SOURCES.rglob("*.h")):
        key.update(path.read_bytes())
    path = BUILD / f"{target.name}-{key.hexdigest()[:16]}.s"
    if not path.exists():
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        if done.returncode:
            raise ModelError(f"The kernels of {target.name} do not compile:\n{done.stderr[:2000]}")
        BUILD.mkdir(parents=True, exist_ok=True)
        for old in BUILD.glob(f"{target.name}-*.s"):
            old.unlink()
        path.write_text(done.stdout)
    return path.read_text()


@functools.cache
def version(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout


# ---- finding loops ----


def mnemonic(line):
    return line.removeprefix("{vex}").split(None, 1)[0]


def width(line):
    """An instruction's vectors of 128 bits."""
    return 4 if "%zmm" in line else 2 if "%ymm" in line else 1


def multiply_adds(lines, multiplies):
    """Of the most telling instruction that is there: bytes, shorts and floats do not mix, but scales are floats."""
    total = 0
    for line in lines:
        name = mnemonic(line)
        value = next((v for key, v in multiplies.items() if name == key or key == "vfmadd" and name.startswith(key)), 0)
        if name == "vpmaddwd" and any(mnemonic(other) == "vpmaddubsw" for other in lines):
            value = 0
        total += value * width(line)
    return total


@dataclasses.dataclass
class Nest:
    """The innermost loop of a probe with its multiply-adds an iteration, and the loops around it from the inside out: what they
    hold beside it, and how many loops such as it."""

    inner: list
    multiply_adds: int
    around: list


def paths(loops, above=()):
    """Every innermost loop with those around it, from the inside out."""
    for loop in loops:
        if loop.inner:
            yield from paths(loop.inner, (loop,) + above)
        else:
            yield loop, above


def nest(text, name, multiplies):
    """The innermost loop with the most multiply-adds; where there are several they must be the same instructions."""
    graph = assembly.blocks(assembly.function(text, name))
    found = []
    for loop, above in paths(assembly.loops(graph)):
        lines = assembly.way_round(graph, loop)
        found.append((multiply_adds(lines, multiplies), lines, loop, above))
    most = max((entry[0] for entry in found), default=0)
    if most == 0:
        raise ModelError(f"{name} has no loop with a multiplication that counts.")
    best = [entry for entry in found if entry[0] == most]
    kinds = {tuple(sorted(multiplying(lines, multiplies))) for _, lines, _, _ in best}
    if len(kinds) > 1:
        raise ModelError(f"{name} has {len(kinds)} different loops with {most} multiply-adds.")
    _, lines, _, above = max(best, key=lambda entry: len(entry[3]))
    around = []
    for loop in above:
        alike = sum(1 for _, _, other, parents in best if loop in parents and parents.index(loop) == 0)
        around.append((assembly.way_round(graph, loop), max(1, alike)))
    return Nest(lines, most, around)


def multiplying(lines, multiplies):
    return (mnemonic(line) for line in lines if multiply_adds([line], multiplies))


def nests(target):
    """Tiles of every operation: {operation: {rows: Nest}}. A number of rows whose loop is a smaller one's is no tile."""
    text = compiled(target)
    result = {}
    for operation in OPERATIONS.values():
        found, seen = {}, set()
        for rows in operation.rows or tiles(target):
            tile = nest(text, f"probe_{operation.name}_{rows}", operation.multiplies)
            kind = tuple(sorted(map(mnemonic, tile.inner)))
            if kind not in seen:
                found[rows] = tile
                seen.add(kind)
        result[operation.name] = found
    return result


# Elements that an iteration passes where that is more than a vector: a group of 4-bit weights.
GROUPED = {"quantize_q8_split": 32}


def sweeps(target):
    """The loops of every sweep with the elements that an iteration passes: {name: [(instructions, elements)]}."""
    text = compiled(target)
    result = {}
    for name in SWEEPS:
        graph = assembly.blocks(assembly.function(text, f"probe_{name}"))
        found = [assembly.way_round(graph, loop) for loop, _ in paths(assembly.loops(graph))]
        if not found:
            raise ModelError(f"{name} has no loop.")
        longest = max(found, key=len)
        result[name] = [
            (lines, GROUPED.get(name, target.lanes) if lines is longest else target.lanes)
            for lines in found
            if any(register(line) for line in lines)
        ]
    return result


def register(line):
    """Whether an instruction has a vector register."""
    return re.search(r"%[xyz]mm|\b[vq]\d", line)
