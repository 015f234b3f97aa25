"""Cycles of the kernels on a processor: llvm-mca on the loops that kernels.py finds, put together over the sizes of a layer."""

import functools
import json
import os
import re
import shutil
import subprocess

import kernels
from kernels import ModelError

# Inputs that a convolution sums exactly before the sum becomes a float.
GROUPS = {
    operation: int(found[1])
    for operation, name in (
        ("conv_q16", "MK_Q16_GROUP"), ("conv_q8_q16", "MK_Q16_GROUP"), ("conv_s16", "MK_S16_GROUP"),
        ("conv_q8_s16", "MK_S16_GROUP"))
    if (found := re.search(rf"{name} (\d+)", kernels.HEADER))
}
# Channels that an iteration of a convolution's innermost loop passes, unless it is unrolled.
CHANNELS = {"conv_f32": 1, "conv_q16": 2, "conv_q8_q16": 2, "conv_q8": 4, "conv_s16": 4, "conv_q8_s16": 4,
            "winograd_float32": 1, "winograd_int16": 1}
# Convolutions of numbers in two bytes; outputs of a panel.
SPLIT, PANEL = ("conv_s16", "conv_q8_s16"), 32
ITERATIONS = 100
# Processors that llvm-mca knows as another: Gracemont is an Alder Lake's small core, for which it has the large one's figures.
STAND_INS = {"cortex-a76": "neoverse-n1", "gracemont": "alderlake"}


@functools.cache
def llvm_mca():
    """The newest there is: before LLVM 16 it takes the Neoverse N1 for a Cortex-A57."""
    names = [f"llvm-mca-{version}" for version in range(30, 15, -1)] + ["llvm-mca"]
    for name in filter(None, [os.environ.get("LLVM_MCA"), *names]):
        path = shutil.which(name)
        found = re.search(r"LLVM version (\d+)", kernels.version(path)) if path else None
        if found and int(found[1]) >= 16:
            return path
    raise ModelError("There is no llvm-mca of LLVM 16 or later: apt-get install llvm-19 brings one.")


def host_processor():
    """The name of this machine's processor, as LLVM calls it."""
    found = re.search(r"Host CPU: (\S+)", kernels.version(llvm_mca()))
    return found[1] if found else "generic"


def analyse(target, processor, regions):
    """Cycles of an iteration of each region: {name: instructions} in, {name: cycles} out."""
    names = list(regions)
    text = []
    for name in names:
        text += [f"# LLVM-MCA-BEGIN {name}", *regions[name], "# LLVM-MCA-END"]
    known = STAND_INS.get(processor, processor)
    attributes = ["-mattr=+" + ",+".join(target.features)] if target.features else []
    command = [
        llvm_mca(), f"-mtriple={target.triple}", f"-mcpu={known}", *attributes, f"--iterations={ITERATIONS}", "--json",
        "--instruction-info=false", "--resource-pressure=false", "-"]
    done = subprocess.run(command, input="\n".join(text) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise ModelError(f"llvm-mca fails for {processor}: {done.stderr[:1500]}")
    found = {region["Name"]: region["SummaryView"] for region in json.loads(done.stdout)["CodeRegions"]}
    cycles = {name: found[name]["TotalCycles"] / ITERATIONS for name in names}
    if processor == "gracemont":
        cycles = {name: max(cycles[name], gracemont(regions[name])) for name in names}
    return cycles


def gracemont(lines):
    """Cycles of a loop on Gracemont, which does an instruction of 256 bits as two of 128: five operations begin in a cycle, three
    of vectors, two that multiply, two loads."""
    operations = vectors = multiplications = loads = 0
    for line in lines:
        name, size = kernels.mnemonic(line), kernels.width(line)
        is_vector = name.startswith("v")
        is_move = name.startswith(("vmov", "vbroadcast", "vpbroadcast")) and "(" in line
        operations += size if is_vector else 1
        loads += size if "(" in line and not name.startswith("prefetch") else 0
        vectors += size if is_vector and not is_move else 0
        multiplications += size if re.match(r"v(pmadd|pdp|pmul|fmadd|fnmadd|mul|div)", name) else 0
    return max(operations / 5, vectors / 3, multiplications / 2, loads / 2)


class Timing:
    """Cycles of the operations of an instruction set on a processor."""

    def __init__(self, set_name, processor):
        self.target = kernels.Target.of(set_name)
        self.processor = processor
        self.nests = kernels.nests(self.target)
        self.sweeps = kernels.sweeps(self.target)
        self.cycles = analyse(self.target, processor, self.regions())

    def regions(self):
        result = {}
        for operation, tiles in self.nests.items():
            for rows, nest in tiles.items():
                result[f"{operation}/{rows}/0"] = nest.inner
                for level, (lines, _) in enumerate(nest.around, 1):
                    result[f"{operation}/{rows}/{level}"] = lines
        for name, loops in self.sweeps.items():
            for index, (lines, _) in enumerate(loops):
                result[f"{name}/{index}"] = lines
        return result

    def inner(self, operation, rows):
        """Cycles of a multiply-add in the innermost loop of a tile."""
        return self.cycles[f"{operation}/{rows}/0"] / self.nests[operation][rows].multiply_adds

    def tile(self, operation, rows, sizes):
        """Cycles of a multiply-add of a tile, with the loops around the innermost: `sizes` are the multiply-adds of an iteration of
        each of them, from the inside out."""
        result, within, index = self.inner(operation, rows), sizes[0], 0
        for level, (_, alike) in enumerate(self.nests[operation][rows].around, 1):
            # A loop that the compiler has unrolled is not there; its size is passed by.
            while index < len(sizes) and sizes[index] < within * alike:
                index += 1
            if index == len(sizes):
                break
            within = sizes[index]
            result += self.cycles[f"{operation}/{rows}/{level}"] / within
            index += 1
        return result

    def linear(self, operation, rows, columns):
        """Cycles of a multiply-add of a matrix of so many columns by one or two vectors."""
        return self.tile(operation, rows, [columns * rows, 4 * columns * rows])

    def convolution(self, operation, inputs, taps, rows):
        """Cycles of a multiply-add of a convolution that gives so many rows: tiles of many rows first, as the kernels take them."""
        total, left = 0, rows
        for tile in sorted(self.nests[operation], reverse=True):
            count, left = divmod(left, tile)
            if count:
                total += count * tile * self.tile(operation, tile, self.sizes(operation, tile, inputs, taps))
        return total / rows

    def winograd(self, operation, inputs, count):
        """Cycles of a multiply-add of the products of so many tiles of outputs at a point, as winograd_columns takes them."""
        total = 0
        for tile in winograd_columns(count, self.target.lanes):
            total += tile * self.tile(operation, tile, self.sizes(operation, tile, inputs, 1))
        return total / count

    def sizes(self, operation, rows, inputs, taps):
        """Multiply-adds of an iteration of the loops around a tile's innermost: over groups of inputs, taps, outputs."""
        outputs = self.nests[operation][rows].multiply_adds / CHANNELS[operation]
        groups = [outputs * min(GROUPS[operation], inputs)] if operation in GROUPS else []
        if operation in SPLIT:
            # A group meets all outputs of a panel before the next one does.
            outputs = rows * PANEL
            groups.append(outputs * min(GROUPS[operation], inputs))
        return [*groups, outputs * inputs, outputs * inputs * taps]

    def tiles(self, operation, rows):
        """How many tiles so many rows are."""
        total = 0
        for tile in sorted(self.nests[operation], reverse=True):
            count, rows = divmod(rows, tile)
            total += count
        return total

    def sweep(self, name):
        """Cycles of an element."""
        return sum(self.cycles[f"{name}/{i}"] / elements for i, (_, elements) in enumerate(self.sweeps[name]))


def winograd_columns(count, lanes):
    """The numbers of tiles that are taken at once."""
    while lanes == 8 and count > 6:
        tile = {7: 4, 8: 4, 9: 5, 10: 5}.get(count, 6)
        yield tile
        count -= tile
    if lanes == 8 and count in (3, 5):
        yield count
        return
    while lanes != 8 and count >= 8:
        if count == 8:
            tile = 8
        else:
            tile = 9 if count < 12 or count % 12 in (3, 9) else 12
        yield tile
        count -= tile
    for tile in (6, 4, 2, 1):
        while count >= tile:
            yield tile
            count -= tile


@functools.cache
def of(set_name, processor):
    return Timing(set_name, processor)
