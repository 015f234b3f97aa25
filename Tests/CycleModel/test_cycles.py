"""The cycle model of Benchmarks/arm: it finds the loops of the kernels, and a frame is what docs/performance.md says it is.

    python3 -m unittest discover -s Tests/CycleModel"""

import concurrent.futures
import dataclasses
import json
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks" / "arm"))

import assembly  # noqa: E402
import cycles  # noqa: E402
import devices  # noqa: E402
import frame  # noqa: E402
import here  # noqa: E402
import kernels  # noqa: E402
import model  # noqa: E402
import timing  # noqa: E402

SETS = ("neon", "neon_dotprod", "avx2", "avxvnni")

NESTED = """
f:
\t.cfi_startproc
\tmov x0, #0
.LBB0_1:                                // =>This Loop Header: Depth=1
\tmov x1, #0
.LBB0_2:
\tsdot v0.4s, v1.16b, v2.16b
\tsubs x1, x1, #1
\tb.ne .LBB0_2
// %bb.3:
\tadd x0, x0, #1
\tcbz x0, .LBB0_5
\tbl memcpy
\tb .LBB0_1
.LBB0_5:
\tsubs x2, x2, #1
\tb.ne .LBB0_1
\tret
.Lfunc_end0:
"""


class Assembly(unittest.TestCase):
    def test_a_loop_within_a_loop_is_found(self):
        graph = assembly.blocks(assembly.function(NESTED, "f"))
        (outer,) = assembly.loops(graph)
        (inner,) = outer.inner
        self.assertEqual(assembly.way_round(graph, inner)[0].split()[0], "sdot")
        self.assertEqual(len(assembly.way_round(graph, inner)), 3)

    def test_the_way_round_a_loop_avoids_calls_and_leaves_out_loops_within(self):
        graph = assembly.blocks(assembly.function(NESTED, "f"))
        names = [line.split()[0] for line in assembly.way_round(graph, assembly.loops(graph)[0])]
        self.assertEqual(names, ["mov", "add", "cbz", "subs", "b.ne"])

    def test_a_function_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(assembly.AssemblyError, "no function g"):
            assembly.function(NESTED, "g")

    def test_loops_that_differ_with_equal_work_are_refused(self):
        other = ".LBB0_6:\n\tsmull v0.8h, v1.8b, v2.8b\n\tsmlal2 v0.8h, v1.16b, v2.16b\n\tcbnz x3, .LBB0_6\n\tret\n.Lfunc_end0:"
        text = NESTED.replace("\tret\n.Lfunc_end0:", other)
        with self.assertRaisesRegex(kernels.ModelError, "f has 2 different loops with 16 multiply-adds"):
            kernels.nest(text, "f", kernels.BYTES)

    def test_a_function_without_multiplication_is_refused(self):
        with self.assertRaisesRegex(kernels.ModelError, "f has no loop with a multiplication"):
            kernels.nest(NESTED, "f", kernels.FLOATS)


class Frame(unittest.TestCase):
    def total(self, layers, what):
        return sum(getattr(layer, what) for layer in layers)

    def test_the_codec_of_the_released_shape_multiplies_2479_million_times_and_reads_211_megabytes(self):
        codec = frame.frame("0.6B", "int8", "int16").codec
        self.assertEqual(round(self.total(codec, "multiply_adds") / 1e6), 2479)
        self.assertEqual(round(self.total(codec, "bytes") / 1e6), 211)

    def test_talker_and_code_predictor_are_those_of_the_documentation(self):
        shape = frame.frame("0.6B", "int8", "int16")
        text = (ROOT / "docs" / "performance.md").read_text()
        heads = [matrix for matrix in shape.predictor if matrix.name == "head"]
        layers = [matrix for matrix in shape.predictor if matrix.name != "head"]
        for pattern, layers in (
            (r"\| talker, 28 layers, and its head .*\| ([\d.]+) M \|$", shape.talker),
            (r"\| code predictor, 5 layers .*\| ([\d.]+) M \(16 positions\) \|$", layers),
            (r"\| its 15 heads .*\| ([\d.]+) M \|$", heads),
        ):
            written = re.search(pattern, text, re.MULTILINE)[1]
            digits = len(written.partition(".")[2])
            self.assertEqual(f"{self.total(layers, 'multiply_adds') / 1e6:.{digits}f}", written)

    def test_a_frame_reads_the_bytes_of_the_documentation(self):
        text = (ROOT / "docs" / "performance.md").read_text()
        for form, name in (("int8", "int8, a scale per row"), ("int4", "int4, a bfloat16 scale per 32"), ("bf16", "bf16")):
            shape = frame.frame("0.6B", form, "int16")
            written = re.search(rf"^\| {name} \| [^|]+ \| ([\d.]+) GB", text, re.MULTILINE)[1]
            self.assertEqual(f"{self.total(shape.talker + shape.predictor, 'bytes') / 1e9:.2f}", written)

    def test_the_codec_has_the_weights_of_the_released_tensors(self):
        lines = (ROOT / "Benchmarks/Bench/Shapes/tensors.txt").read_text().splitlines()
        count = 0
        for name, extents in (line.split() for line in lines):
            is_layer = re.search(r"(conv|proj|pwconv\d)\.weight$", name) and "dwconv" not in name
            if name.startswith("decoder.") and is_layer and not re.search(r"quantizer.*input_proj", name):
                product = 1
                for extent in extents.split("x"):
                    product *= int(extent)
                count += product
        self.assertEqual(self.total(frame.frame("0.6B", "int8", "int16").codec, "weights"), count)

    def test_makima_mini_has_the_formats_of_its_checkpoint(self):
        mini = frame.frame("makima-mini", None, "int16")
        self.assertEqual({matrix.format for matrix in mini.talker}, {"int8"})
        self.assertEqual({m.format for m in mini.predictor if m.name == "head"}, {"int4"})

    def test_the_formats_of_the_codec_are_those_of_its_source(self):
        kinds = re.findall(r"(\w+)(?:\(block: Int\))?", " ".join(
            line.split("case ", 1)[1]
            for line in re.search(r"enum CodecLayer \{(.*?)\n\}", frame.PRECISION.read_text(), re.S)[1].splitlines()
            if line.strip().startswith("case ")))
        self.assertIn("quantizer", kinds)
        self.assertIn("int16", frame.precisions())
        for precision in frame.precisions():
            choose = frame.formats(precision)
            for kind in kinds:
                self.assertIn(choose(kind, 0), frame.CONVOLUTIONS)
        choose = frame.formats("int8")
        self.assertEqual(choose("dilated", 0), "int16")
        self.assertEqual(choose("dilated", 1), "int8")
        self.assertEqual(choose("attention", 0), "int8Weights")

    def test_the_tiles_of_the_transform_are_those_of_its_source(self):
        text = (ROOT / "Sources/Compute/WinogradTransform.swift").read_text()
        for name, value in (("someRows", frame.SOME_ROWS), ("manyRows", frame.MANY_ROWS)):
            self.assertIn(f"static let {name} = {value}\n", text)
        layers = [layer for layer in frame.frame("0.6B", "int8", "hybrid").codec if layer.format == "winograd"]
        self.assertEqual(
            {(layer.taps, layer.rows): (layer.tile, layer.numbers) for layer in layers},
            {(7, 32): (4, "int16"), (7, 160): (6, "float32"), (7, 640): (10, "float32"), (7, 1920): (10, "float32"),
             (2, 160): (5, "float32"), (2, 640): (5, "float32")})
        for layer in layers:
            self.assertIn((layer.tile, layer.taps), kernels.WINOGRAD_FORMS)

    def test_frames_together_have_the_weights_and_tiles_of_one_and_the_work_of_all(self):
        shape = frame.frame("0.6B", "int8", "transform")
        text = (ROOT / "Sources/Qwen3TTS/Engine/Qwen3Engine.swift").read_text()
        self.assertIn(f"static let framesAtOnce = {frame.FRAMES_AHEAD}\n", text)
        for one, four in zip(shape.codec, shape.ahead, strict=True):
            self.assertEqual(four.multiply_adds, frame.FRAMES_AHEAD * one.multiply_adds)
            self.assertEqual((four.bytes, four.format, four.tile), (one.bytes, one.format, one.tile))

    def test_a_precision_that_is_not_there_is_named(self):
        with self.assertRaisesRegex(kernels.ModelError, "no case int5"):
            frame.formats("int5")


class Sharing(unittest.TestCase):
    def test_the_busiest_thread_has_what_cannot_be_divided(self):
        self.assertEqual(model.share(96, 32, 2), 2 / 3)
        self.assertEqual(model.share(1024, 32, 4), 1 / 4)
        self.assertEqual(model.share(3, 1, 4), 1 / 3)


class Rereading(unittest.TestCase):
    def setUp(self):
        try:
            timing.llvm_mca()
        except kernels.ModelError as error:
            raise unittest.SkipTest(str(error))

    def rate(self, size, rates):
        device = dataclasses.replace(devices.DEVICES[0], all_read=10.0, rates=rates)
        return model.Model(device, model.Costs()).again(size)

    def test_what_stays_in_part_is_read_at_a_rate_between(self):
        rates = ((1 << 20, 80.0), (4 << 20, 20.0))
        self.assertAlmostEqual(self.rate(2 << 20, rates), 40)
        self.assertEqual(self.rate(4 << 20, rates), 20)
        self.assertEqual(self.rate(5 << 20, rates), 10)
        self.assertEqual(self.rate(2 << 20, ()), 10)


class Measured(unittest.TestCase):
    def test_several_measurements_are_one(self):
        self.assertEqual(
            cycles.mean([{"a": {"b": 1.0}, "n": 2, "k": "avx2"}, {"a": {"b": 2.0}, "n": 2, "k": "avx2"}]),
            {"a": {"b": 1.5}, "n": 2, "k": "avx2"})


class Layers(unittest.TestCase):
    def test_what_is_not_done_at_once_is_added(self):
        for overlap, seconds in ((1, 3), (0.5, 4), (0, 5)):
            stage = model.Stage()
            stage.add(3, 2, 0, 0, 0, 0, overlap)
            self.assertEqual(stage.seconds, seconds)


class Kernels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            timing.llvm_mca()
            kernels.clang()
        except kernels.ModelError as error:
            raise unittest.SkipTest(str(error))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(kernels.compiled, map(kernels.Target.of, SETS)))

    def test_every_kernel_has_its_loop_in_every_set(self):
        for name in SETS:
            nests = kernels.nests(kernels.Target.of(name))
            for operation in kernels.OPERATIONS:
                with self.subTest(set=name, operation=operation):
                    self.assertIn(1, nests[operation])
                    tile = max(nests[operation])
                    rows = [nest.multiply_adds for nest in nests[operation].values()]
                    self.assertEqual(max(rows), nests[operation][tile].multiply_adds)
                    self.assertTrue(nests[operation][tile].around)

    def test_no_kernel_is_faster_than_the_multipliers(self):
        peaks = {"linear_q8": 32, "linear_q4": 32, "conv_f32": 8, "linear_bf16": 8, "conv_q16": 32, "conv_q8": 32}
        times = timing.of("neon_dotprod", "cortex-a76")
        for name, peak in peaks.items():
            for rows in times.nests[name]:
                self.assertLessEqual(1 / times.inner(name, rows), 1.02 * peak)

    def test_loops_around_the_innermost_only_add(self):
        times = timing.of("neon", "cortex-a72")
        self.assertGreater(times.linear("linear_q8", 1, 1024), times.inner("linear_q8", 1))
        self.assertGreater(times.convolution("conv_q16", 768, 7, 32), min(times.inner("conv_q16", r) for r in (12, 4)))

    def test_doctor_expects_what_the_model_says(self):
        chip = json.loads(cycles.CHIP.read_text())
        stored = json.loads((ROOT / "Sources/makima/DeviceSpeeds.json").read_text())
        now = cycles.doctor(here.costs(chip))
        self.assertEqual([(d["device"], d["signs"]) for d in stored], [(d["device"], d["signs"]) for d in now])
        for old, new in zip(stored, now):
            for name, speed in old["timesRealTime"].items():
                # Compilers differ a little; what differs more is to be written anew: cycles.py --doctor.
                self.assertAlmostEqual(new["timesRealTime"][name] / speed, 1, delta=0.15, msg=f"{old['device']} {name}")

    def test_a_device_with_more_memory_bandwidth_and_clock_is_faster(self):
        slow, fast = devices.DEVICES[0], devices.DEVICES[1]
        self.assertEqual((slow.name, fast.name), ("Raspberry Pi 4", "Raspberry Pi 5"))
        shape = frame.frame("0.6B", "int4", "float32")
        times = [cycles.whole(model.Model(device, model.Costs()).frame(shape)) for device in (slow, fast)]
        self.assertGreater(times[0], times[1])
        # What is read at the speed of memory cannot take less.
        read = sum(layer.bytes for layer in shape.talker + shape.predictor)
        self.assertGreater(times[1], read / fast.all_read)


if __name__ == "__main__":
    unittest.main()
