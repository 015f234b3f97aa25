#!/usr/bin/env python3
"""What a frame of speech takes on computers that are not at hand: a model of cycles, beside what it says of this machine and what
is measured here. README.md says how it works and what it needs.

    Benchmarks/arm/cycles.py                              the tables
    Benchmarks/arm/cycles.py --chip new --measured F      beside what `makima-bench engine --json` measured here
    Benchmarks/arm/cycles.py --json | --markdown | --doctor"""

import argparse
import dataclasses
import json
import pathlib
import sys

import frame as frames
import here
import kernels
import timing
from devices import DEVICES, SPEAKING
from model import Costs, Model

# What chip.c printed on a machine with nothing else running.
CHIP = pathlib.Path(__file__).with_name("chip.json")
FRAME = 0.080
STAGES = ("talker", "predictor", "codec")
# The codec of a frame that becomes sound with others.
AHEAD = "ahead"
# Models and formats that are told of.
RUNS = (("0.6B", "int8"), ("0.6B", "int4"), ("makima-mini", None))
# What a matrix or convolution is measured by in the table of kernels: rows, columns or inputs, taps.
KERNEL_SHAPES = {
    "linear_q8": (1, 1024), "linear_q4": (1, 1024), "linear_bf16": (1, 1024), "conv_f32": (48, 192), "conv_q16": (48, 192),
    "conv_q8_q16": (48, 192), "conv_q8": (48, 192),
}
WEIGHT_BYTES = {
    "linear_q8": 1, "linear_q4": 0.5625, "linear_bf16": 2, "conv_f32": 4, "conv_q16": 2, "conv_q8_q16": 1, "conv_q8": 1,
}


def estimate(device, costs, threads=None, precisions=None):
    """Milliseconds of the stages of every run: {(model, format, precision): {stage: Stage}}."""
    model = Model(device, costs, threads)
    chosen = precisions or dict.fromkeys((SPEAKING[device.kernels], "float32"))
    return {
        (name, form, precision): model.frame(frames.frame(name, form, precision))
        for name, form in RUNS
        for precision in chosen
    }


def whole(stages):
    """Seconds of a frame."""
    return sum(stages[name].seconds for name in STAGES)


def ahead(stages):
    """Seconds of the codec for a frame that becomes sound with others."""
    return stages[AHEAD].seconds / frames.FRAMES_AHEAD


def kernel_lines(chip):
    """Multiply-adds and bytes of weights a cycle of every kernel, by processor and instruction set."""
    pairs = dict.fromkeys((device.processor, device.kernels) for device in DEVICES)
    pairs[("cortex-a55", "neon_dotprod")] = None
    pairs[(chip["processor"], chip["kernels"])] = None
    result = []
    for processor, name in pairs:
        times = timing.of(name, processor)
        for kernel, (rows, size) in KERNEL_SHAPES.items():
            if kernel.startswith("linear"):
                cycles = times.linear(kernel, rows, size)
            else:
                cycles = times.convolution(kernel, size, 7, rows)
            result.append(
                dict(processor=processor, set=name, kernel=kernel, rows=rows, cyclesPerMultiplyAdd=cycles,
                     weightBytesPerCycle=WEIGHT_BYTES[kernel] / cycles / rows))
    return result


def comparison(chip, measured):
    """What makima-bench measured here beside what the model says: stage, measured and estimated milliseconds. Medians are compared
    with medians."""
    device, costs = here.device(chip, "median"), here.costs(chip, "median")
    one = chip.get("alone", chip)
    one = Model(here.device(one, "median"), here.costs(one, "median"), 1)
    threads = measured["machine"]["threads"]
    rows = []
    for form, result in measured["engine"].items():
        model = "0.6B" if result["macsPerFrame"] > 1e9 else "makima-mini"
        precision = SPEAKING[device.kernels]
        stages = Model(device, costs, threads).frame(frames.frame(model, form, precision))
        alone = one.frame(frames.frame(model, form, precision))
        codes = stages["talker"].seconds + stages["predictor"].seconds
        for name, took, says in (
            ("talker", result["talkerMs"], stages["talker"].seconds),
            ("predictor", result["codePredictorMs"], stages["predictor"].seconds),
            ("talker and predictor", result["talkerMs"] + result["codePredictorMs"], codes),
            ("codec, one thread", result["decoderMs"], alone["codec"].seconds),
            ("frame", result["frameMs"], whole(stages)),
            ("frame, listener ahead", result["frameMs"] * result["frameAhead"], codes + ahead(stages)),
        ):
            error = 100 * (1e3 * says / took - 1)
            rows.append(dict(model=model, format=form, stage=name, measured=took, estimated=1e3 * says, error=error))
    return rows


def mean(chips):
    """What chip.c printed before and after, say, as one: the mean of its numbers."""
    first = chips[0]
    if isinstance(first, dict):
        return {name: mean([chip[name] for chip in chips]) for name in first}
    return sum(chips) / len(chips) if isinstance(first, float) else first


# ---- printing ----


def print_table(rows, heads):
    rows = [heads] + rows
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for first, *others in rows:
        print("  ".join([first.ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(others, widths[1:])]))
    print()


def milliseconds(stages):
    return [f"{1e3 * seconds:.1f}" for seconds in [*(stages[name].seconds for name in STAGES), ahead(stages)]]


def show_kernels(chip):
    print("Kernels in the first cache, by llvm-mca: multiply-adds and bytes of weights a cycle")
    rows = [
        [f"{line['processor']} ({line['set']})", line["kernel"], f"{line['rows']}", f"{1 / line['cyclesPerMultiplyAdd']:.1f}",
         f"{line['weightBytesPerCycle']:.2f}"]
        for line in kernel_lines(chip)
    ]
    print_table(rows, ["processor", "kernel", "rows", "multiply-adds", "bytes"])


def show_devices(costs, extra=()):
    print("A frame of 80 ms, estimated: milliseconds of talker, code predictor and codec decoder, and of this with four frames together")
    rows = []
    for device in [*DEVICES, *extra]:
        for (model, form, precision), stages in estimate(device, costs).items():
            total = whole(stages)
            rows.append(
                [f"{device.name}, {device.cores} cores", f"{model} {form or ''}", precision, *milliseconds(stages),
                 f"{1e3 * total:.1f}", f"{FRAME / total:.2f}"])
    print_table(rows, ["device", "model", "codec in", *STAGES, "ahead", "frame", "× real time"])


def show_comparison(rows):
    print("Here, measured and estimated, milliseconds")
    cells = [
        [f"{row['model']} {row['format']}, {row['stage']}", f"{row['measured']:.1f}", f"{row['estimated']:.1f}", f"{row['error']:+.0f} %"]
        for row in rows
    ]
    print_table(cells, ["stage", "measured", "estimated", "error"])


def markdown(costs):
    print("| | model | talker | code predictor | codec, in | four at once | a frame | × real time | |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for device in DEVICES:
        for (model, form, precision), stages in estimate(device, costs).items():
            total = whole(stages)
            talker, predictor, codec, together = milliseconds(stages)
            name = f"{model} {form}" if form else model
            print(
                f"| {device.name} | {name} | {talker} | {predictor} | {codec}, {precision} | {together} | "
                f"{1e3 * total:.0f} | "
                f"{FRAME / total:.2f} | estimated |")


def doctor(costs):
    """What `makima doctor` expects of computers that it knows by what they say of themselves."""
    result = []
    for device in DEVICES:
        speeds = {
            (form or "mini"): round(FRAME / whole(stages), 2)
            for (_, form, _), stages in estimate(device, costs, precisions=[SPEAKING[device.kernels]]).items()
        }
        result.append(dict(device=device.name, signs=list(device.signs), timesRealTime=speeds))
    return result


def as_json(chip, costs, rows):
    devices = {}
    for device in [*DEVICES, here.device(chip)]:
        devices[device.name] = [
            dict(model=model, format=form, precision=precision, **{name: dataclasses.asdict(s) for name, s in stages.items()})
            for (model, form, precision), stages in estimate(device, costs).items()
        ]
    everything = dict(
        costs=dataclasses.asdict(costs), chip=chip, kernels=kernel_lines(chip), devices=devices, comparison=rows)
    print(json.dumps(everything, indent=2))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as JSON")
    form.add_argument("--markdown", action="store_true", help="the table of docs/performance.md")
    form.add_argument("--doctor", action="store_true", help="the table of `makima doctor`")
    parser.add_argument("--measured", metavar="FILE", action="append", default=[], help="from `makima-bench engine --json`")
    parser.add_argument(
        "--chip", metavar="FILE", action="append", help="what chip.c printed, or the mean of several; `new` runs it")
    parser.add_argument("--save-chip", metavar="FILE", help="write there what chip.c printed")
    return parser.parse_args()


def main():
    options = parse()
    chip = mean([
        here.measure_all() if name == "new" else json.loads(pathlib.Path(name).read_text()) for name in options.chip or [CHIP]])
    if options.save_chip:
        pathlib.Path(options.save_chip).write_text(json.dumps(chip, indent=2) + "\n")
    costs = here.costs(chip)
    files = [json.loads(pathlib.Path(name).read_text()) for name in options.measured]
    rows = [row for file in files for row in comparison(chip, file)]
    if options.json:
        as_json(chip, costs, rows)
    elif options.markdown:
        markdown(costs)
    elif options.doctor:
        print(json.dumps(doctor(costs), indent=2))
    else:
        show_kernels(chip)
        least = chip["least"]
        rates = f"reads {least['allRead'] * 1e-9:.1f} GB/s, one core {least['oneReads'] * 1e-9:.1f}"
        print(f"Here: {chip['gigahertz']:.2f} GHz, {rates}")
        print(f"Of what llvm-mca says the kernels reach {costs.arithmetic:.2f}, the transform {costs.transform:.2f}, of plain reading "
              f"{costs.memory:.2f};")
        print(f"a fork with its join takes {1e6 * costs.hand_over:.2f} µs, reading {1e6 * costs.beginning:.2f} to begin.\n")
        show_devices(costs, [here.device(chip)])
        if rows:
            show_comparison(rows)


if __name__ == "__main__":
    try:
        main()
    except (kernels.ModelError, kernels.assembly.AssemblyError) as error:
        sys.exit(str(error))
