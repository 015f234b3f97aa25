"""The machine that the model runs on: what chip.c measures of it, and the shares that follow."""

import dataclasses
import hashlib
import json
import math
import pathlib
import subprocess

import kernels
import timing
from devices import Device
from frame import Convolution
from kernels import ModelError
from model import Costs, Model

# The shapes that chip.c runs in the cache.
COLUMNS, INPUTS, TAPS, ROWS = 1024, 192, 7, 48
# The one that it runs by the transform.
TRANSFORMED = Convolution("transformed", "dilated", INPUTS, INPUTS, TAPS, 480, "winograd")
# The convolutions that it runs from memory: inputs, and rows of time.
WIDE, SOME = 1024, 8
SHAPED = {"linear_q8": "linear", "linear_q4": "linear", "conv_f32": "", "conv_q16": "", "conv_q8_q16": "", "conv_q8": ""}
NAME = "here"


def program():
    """chip.c with all kernels, built where it is not yet."""
    sources = sorted(kernels.SOURCES.rglob("*.c")) + [pathlib.Path(__file__).with_name("chip.c")]
    key = hashlib.sha256(kernels.version(kernels.clang()).encode())
    for path in sources + sorted(kernels.SOURCES.rglob("*.h")):
        key.update(path.read_bytes())
    built = kernels.BUILD / f"chip-{key.hexdigest()[:16]}"
    if not built.exists():
        kernels.BUILD.mkdir(parents=True, exist_ok=True)
        command = [kernels.clang(), *kernels.FLAGS, f"-I{kernels.SOURCES / 'include'}", *map(str, sources), "-lm", "-lpthread"]
        done = subprocess.run([*command, "-o", str(built)], capture_output=True, text=True)
        if done.returncode:
            raise ModelError(f"chip.c does not compile:\n{done.stderr[:2000]}")
    return built


def measure(threads=None):
    """What chip.c prints, with all cores without a number, and the processor."""
    command = [str(program())] + ([str(threads)] if threads else [])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ModelError(f"{command[0]} fails.")
    return json.loads(done.stdout) | {"processor": timing.host_processor(), "privateCache": private_cache()}


def measure_all():
    """What chip.c prints with all cores, and, as `alone`, with one: one thread reads a layer otherwise than several do."""
    chip = measure()
    return chip if chip["threads"] == 1 else chip | {"alone": measure(1)}


def rates(now):
    """What all threads together read of so many bytes, again and again: (bytes, bytes a second), ascending."""
    return tuple(sorted((int(size) << 10, rate) for size, rate in now["readBySize"].items()))


def last_cache(now):
    """Bytes up to which that is at least twice as fast as from memory: of a cache that others share, what one has of it."""
    fitting = [size for size, rate in rates(now) if rate > 2 * now["allRead"]]
    return max(fitting, default=0)


def device(chip, which="least"):
    """This machine as it can be at best, or as it was in the median."""
    now = chip[which]
    return Device(
        NAME, (), chip["processor"], chip["kernels"], chip["threads"], chip["gigahertz"], now["oneReads"], now["allRead"],
        chip["privateCache"], last_cache(chip["least"]), rates(now))


def private_cache():
    """Bytes of the second cache of a core, where no other core shares it; else 0."""
    folder = pathlib.Path("/sys/devices/system/cpu/cpu0/cache/index2")
    try:
        size, shared = ((folder / name).read_text().strip() for name in ("size", "shared_cpu_list"))
    except OSError:
        return 0
    return int(size.rstrip("K")) << 10 if shared.isdigit() else 0


def costs(chip, which="least"):
    """The four shares, the hand-over, and the beginning of reading."""
    now = chip[which]
    times = timing.of(chip["kernels"], chip["processor"])
    expected = predictions(times)
    logarithms = [math.log(expected[name] / now["cyclesPerMultiplyAdd"][name]) for name in SHAPED]
    jobs = {size: chip["passBytes"] // (chip[size] * COLUMNS) for size in ("largeRows", "smallRows")}
    start = max(0, (now["passSmall"] - now["passLarge"]) / (jobs["smallRows"] - jobs["largeRows"]))
    rate = chip["passBytes"] / (now["passLarge"] - jobs["largeRows"] * start)
    if rate < now["allRead"] / 2:
        raise ModelError("Layers read at less than half the speed of memory: measure chip.c when nothing else runs.")
    arithmetic = math.exp(sum(logarithms) / len(logarithms))
    cycles = times.convolution("conv_q16", WIDE, 1, SOME) * SOME * chip["passBytes"] / 2
    computing = cycles / chip["threads"] / (chip["gigahertz"] * 1e9 * arithmetic)
    longer, shorter = sorted((computing, chip["passBytes"] / rate), reverse=True)
    overlap = min(1, max(0, 1 - (now["passConvolutions"] - longer) / shorter))
    transformed = Model(device(chip, which), Costs(), 1).winograd(TRANSFORMED)[0] / TRANSFORMED.multiply_adds
    return Costs(
        arithmetic, rate / now["allRead"], now["handOver"], max(0, start - now["handOver"]), overlap,
        transformed / now["cyclesPerMultiplyAdd"]["conv_winograd"])


def predictions(times):
    """Cycles of a multiply-add of the shapes that chip.c runs in the cache, by llvm-mca."""
    return {
        name: times.linear(name, 1, COLUMNS) if kind else times.convolution(name, INPUTS, TAPS, ROWS)
        for name, kind in SHAPED.items()
    }
