// Linear layers from checkpoints of every weight format, against plain arithmetic on the values the file stands for.

import Compute
import ModelFile
import TestSupport
import Testing

/// A layer of noise in a file, and the float32 matrix that its format says it stands for.
private struct StoredLayer {
    static let columns = 96
    let rows: Int
    let format: WeightFormat
    let weights: Weights
    let matrix: [Float]  // [rows, columns]

    init(_ format: WeightFormat, rows: Int, seed: UInt64) throws {
        self.format = format
        self.rows = rows
        var noise = Noise(state: seed)
        var file = CheckpointFile()
        for tensor in format.matrix.tensors([rows, Self.columns]) { Self.add(tensor, to: &file, &noise) }
        weights = try file.weights()
        matrix = try format.matrix.init(weights, rows: rows, columns: Self.columns).values(0..<rows)
    }

    /// What stands beside the elements are scales, which are small.
    private static func add(_ tensor: WeightTensor, to file: inout CheckpointFile, _ noise: inout Noise) {
        let (name, shape) = ("weight" + tensor.suffix, tensor.shape)
        let count = shape.reduce(1, *)
        let scale: Float = tensor.suffix == "_scale" ? 0.01 : 1
        switch tensor.type {
        case .f32: file.add(name, shape, floats: noise.floats(count, scale: scale).values)
        case .bf16: file.add(name, shape, bfloat16: noise.floats(count, scale: scale).values)
        case .f16: file.add(name, "F16", shape, noise.halves(count).values.flatMap({ littleEndian($0) }))
        case .i64: file.add(name, shape, int64: tensor.integers ?? [])
        case .i8, .i32:
            let bytes = noise.bytes(count * tensor.type.size).values
            file.add(name, tensor.type.rawValue, shape, bytes.map { UInt8(bitPattern: $0) })
        }
    }

    func linear() throws -> Linear { try Linear(weights, rows: rows, columns: Self.columns) }

    /// x·Wᵀ in double precision.
    func product(_ x: Rows) -> [[Double]] {
        (0..<x.rows).map { j in
            (0..<rows).map { r in
                (0..<Self.columns).reduce(0) { $0 + Double(matrix[r * Self.columns + $1]) * Double(x[j, $1]) }
            }
        }
    }
}

/// Rows whose int8 quantization is exact: multiples of max / 127.
private func input(_ n: Int) -> Rows {
    var noise = Noise(state: 5)
    let values = (0..<n * StoredLayer.columns).map { index -> Float in
        index % StoredLayer.columns == 0 ? 127 : Float(Int(noise.bits() % 255) - 127)
    }
    return Rows(values.map { $0 / 64 }, columns: StoredLayer.columns)
}

@Suite struct LinearTests {
    /// More vectors than one call of a kernel takes, and rows that no block divides.
    @Test(arguments: Kernels.available.map(\.name), WeightFormat.all)
    func everyFormatEqualsItsValues(_ isa: String, format: WeightFormat) throws {
        let kernels = try #require(Kernels.available.first { $0.name == isa })
        let layer = try StoredLayer(format, rows: 83, seed: 11)
        let x = input(37)
        let expected = layer.product(x)
        let linear = try layer.linear()
        #expect(linear.format == format)
        let y = Rows(rows: x.rows, columns: layer.rows)
        linear.apply(x, into: y, on: Processor(kernels: kernels))
        for j in 0..<x.rows {
            for r in 0..<layer.rows {
                // float32 sums of 96 terms up to 2; int8 and int4 sums are exact and scaled last.
                #expect(abs(Double(y[j, r]) - expected[j][r]) < 2e-4, "row \(r) of vector \(j)")
            }
        }
    }

    @Test(arguments: WeightFormat.all)
    func resultsDependNeitherOnThreadsNorOnBatch(_ format: WeightFormat) throws {
        let linear = try StoredLayer(format, rows: 83, seed: 11).linear()
        let x = input(37)
        let y = Rows(rows: x.rows, columns: linear.rows)
        linear.apply(x, into: y, on: Processor())
        let threaded = Rows(rows: x.rows, columns: linear.rows)
        linear.apply(x, into: threaded, on: Processor(threads: 3))
        #expect(threaded.values == y.values)
        let single = Rows(rows: 1, columns: linear.rows)
        let processor = Processor()
        for row in 0..<x.rows {
            linear.apply(x[row], into: single, on: processor)
            #expect(single.values == y[row].values)
        }
    }

    /// Whatever the format and the instruction set, and without touching the vectors beside it.
    @Test(arguments: Kernels.available.map(\.name), WeightFormat.all)
    func aVectorThatIsNotFiniteHasNoFiniteOutput(_ isa: String, format: WeightFormat) throws {
        let processor = Processor(kernels: try #require(Kernels.available.first { $0.name == isa }))
        let linear = try StoredLayer(format, rows: 83, seed: 11).linear()
        for value in [Float.nan, .infinity, -.infinity] {
            let x = input(5)
            let (expected, y) = (Rows(rows: 5, columns: linear.rows), Rows(rows: 5, columns: linear.rows))
            linear.apply(x, into: expected, on: processor)
            x[2, 40] = value
            linear.apply(x, into: y, on: processor)
            for row in 0..<5 where row != 2 { #expect(y[row].values == expected[row].values) }
            #expect(y[2].values.allSatisfy { !$0.isFinite })
        }
    }

    @Test(arguments: [1, 3])
    func groupOfEveryFormatEqualsItsLayers(threads: Int) throws {
        let layers = try WeightFormat.all.enumerated().map { index, format in
            try StoredLayer(format, rows: 40 + index, seed: UInt64(index)).linear()
        }
        let x = input(3)
        let group = LinearGroup(layers)
        let y = Rows(rows: x.rows, columns: group.rows)
        group.apply(x, into: y, on: Processor(threads: threads))
        var start = 0
        for layer in layers {
            let single = Rows(rows: x.rows, columns: layer.rows)
            layer.apply(x, into: single, on: Processor())
            #expect(y.columns(start..<start + layer.rows).values == single.values)
            start += layer.rows
        }
    }

    /// A table of embeddings may have any format too.
    @Test(arguments: WeightFormat.all)
    func embeddingsOfEveryFormatAreItsValues(_ format: WeightFormat) throws {
        let layer = try StoredLayer(format, rows: 5, seed: 2)
        let table = try Embedding(layer.weights, entries: 5, columns: StoredLayer.columns)
        let y = Rows(rows: 1, columns: StoredLayer.columns)
        let row = Array(layer.matrix[3 * StoredLayer.columns..<4 * StoredLayer.columns])
        table.lookUp(3, into: y)
        #expect(y.values == row)
        table.lookUp(3, into: y, adding: true, dividedBy: 3)
        #expect(y.values == row.map { $0 + $0 / 3 })
    }
}

/// Files written by hand: what each format says an element is.
@Suite struct WeightFormatTests {
    private static let columns = 64

    private func values(_ name: String, _ fill: (inout CheckpointFile) -> Void) throws -> [Float] {
        let format = try #require(WeightFormat(named: name))
        var file = CheckpointFile()
        fill(&file)
        let weights = try file.weights()
        #expect(try Linear(weights, rows: 2, columns: Self.columns).format == format)
        return try format.matrix.init(weights, rows: 2, columns: Self.columns).values(0..<2)
    }

    @Test func plainNumbersAreThemselves() throws {
        var noise = Noise()
        let numbers = noise.floats(2 * Self.columns).values
        #expect(try values("f32") { $0.add("weight", [2, Self.columns], floats: numbers) } == numbers)
        let halves = numbers.map { Float(bitPattern: $0.bitPattern & 0xFFFF_0000) }
        #expect(try values("bf16") { $0.add("weight", [2, Self.columns], bfloat16: numbers) } == halves)
    }

    @Test func int8IsACodeTimesTheScaleOfItsRow() throws {
        let codes = (0..<2 * Self.columns).map { Int8($0 - 64) }
        let found = try values("int8") {
            $0.add("weight", [2, Self.columns], int8: codes)
            $0.add("weight_scale", [2, 1], floats: [0.3, -0.007])
        }
        #expect(found == codes.indices.map { [Float(0.3), -0.007][$0 / Self.columns] * Float(codes[$0]) })
    }

    @Test(arguments: [false, true])
    func int4IsANibbleLessEightTimesTheScaleOfItsGroup(scalesInFloat32: Bool) throws {
        let codes = (0..<2 * Self.columns).map { ($0 * 5) % 16 - 8 }
        let scales: [Float] = [0.5, -0.0625, 3, 0.375]
        let found = try values("int4") {
            $0.add("weight_packed", rows: 2, int4: codes)
            $0.add("weight_shape", [2], int64: [2, Int64(Self.columns)])
            if scalesInFloat32 {
                $0.add("weight_scale", [2, 2], floats: scales)
            } else {
                $0.add("weight_scale", [2, 2], bfloat16: scales)
            }
        }
        #expect(found == codes.indices.map { scales[$0 / 32] * Float(codes[$0]) })
    }

    @Test func aCheckpointHasTheFormatOfItsLayersOrIsMixed() throws {
        func format(_ fill: (inout CheckpointFile) -> Void) throws -> String {
            var file = CheckpointFile()
            file.add("talker.norm.weight", [1], floats: [1])
            fill(&file)
            return try WeightFormat.name(of: file.weights())
        }
        let (q, k) = ("talker.layers.0.q_proj.weight", "talker.layers.1.k_proj.weight")
        #expect(try format { $0.add(q, [1, 1], floats: [1]) } == "f32")
        #expect(try format { $0.add(q, [1, 1], int8: [1]) } == "int8")
        #expect(try format { $0.add(q + "_packed", rows: 1, int4: [Int](repeating: 0, count: 8)) } == "int4")
        let mixed = try format {
            $0.add(q, [1, 1], floats: [1])
            $0.add(k, [1, 1], bfloat16: [1])
        }
        #expect(mixed == "mixed")
        #expect(try format { $0.add(q, "F16", [1, 1], [0, 0]) } == "f16")
    }

    /// A checkpoint says by its first tensor alone what format it has.
    @Test func noTwoFormatsHaveOneNameOrTheSameElements() {
        let first = WeightFormat.all.map { $0.matrix.tensors([32, 32])[0] }
        #expect(Set(first.map { $0.suffix + $0.type.rawValue }).count == WeightFormat.all.count)
        #expect(Set(WeightFormat.all.map(\.name)).count == WeightFormat.all.count)
    }
}

/// What is refused, and the message that says why.
private let refused: [(name: String, message: String, fill: @Sendable (inout CheckpointFile) -> Void)] = [
    (
        "no scale", "has no tensor weight_scale",
        { $0.add("weight", [2, 32], int8: [Int8](repeating: 1, count: 64)) }
    ),
    (
        "scale per tensor", "tensor weight_scale has shape [1] where [2, 1] is expected",
        {
            $0.add("weight", [2, 32], int8: [Int8](repeating: 1, count: 64))
            $0.add("weight_scale", [1], floats: [1])
        }
    ),
    (
        "infinite scale", "tensor weight_scale cannot be used: element 1 is inf",
        {
            $0.add("weight", [2, 32], int8: [Int8](repeating: 1, count: 64))
            $0.add("weight_scale", [2, 1], floats: [1, .infinity])
        }
    ),
    (
        "transposed", "tensor weight has shape [32, 2] where [2, 32] is expected",
        { $0.add("weight", [32, 2], int8: [Int8](repeating: 1, count: 64)) }
    ),
    (
        "integers of 64 bits", "tensor weight holds I64 where",
        { $0.add("weight", [2, 32], int64: [Int64](repeating: 1, count: 64)) }
    ),
    (
        "int4 without shape", "has no tensor weight_shape",
        { $0.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 64)) }
    ),
    (
        "int4 of another shape", "tensor weight_packed has shape [4, 16] where [2, 32] is expected",
        {
            $0.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 64))
            $0.add("weight_shape", [2], int64: [4, 16])
        }
    ),
    (
        "int4 packed short", "tensor weight_packed has shape [2, 2] where [2, 4] is expected",
        {
            $0.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 32))
            $0.add("weight_shape", [2], int64: [2, 32])
        }
    ),
    (
        "int4 in groups of 16", "tensor weight_scale has shape [2, 2] where [2, 1] is expected",
        {
            $0.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 64))
            $0.add("weight_shape", [2], int64: [2, 32])
            $0.add("weight_scale", [2, 2], bfloat16: [1, 1, 1, 1])
        }
    ),
    (
        "int4 scales that lose bits", "tensor weight_scale holds F32 where BF16, or values that BF16 holds exactly",
        {
            $0.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 64))
            $0.add("weight_shape", [2], int64: [2, 32])
            $0.add("weight_scale", [2, 1], floats: [1, 1.0001])
        }
    ),
    (
        "packed in bytes", "tensor weight_packed holds I8 where I32 is expected",
        { $0.add("weight_packed", [2, 16], int8: [Int8](repeating: 1, count: 32)) }
    ),
]

@Test(arguments: refused.indices)
func unusableWeightsAreNamed(_ index: Int) throws {
    let (name, message, fill) = refused[index]
    var file = CheckpointFile()
    fill(&file)
    let weights = try file.weights()
    let error = #expect(throws: ModelFileError.self) { _ = try Linear(weights, rows: 2, columns: 32) }
    #expect(error?.description.contains(message) == true, "\(name): \(error?.description ?? "")")
}

@Test func columnsBetweenGroupsAreRefused() throws {
    var file = CheckpointFile()
    file.add("weight_packed", rows: 2, int4: [Int](repeating: 1, count: 80))
    file.add("weight_shape", [2], int64: [2, 40])
    let weights = try file.weights()
    let error = #expect(throws: ModelFileError.self) { _ = try Linear(weights, rows: 2, columns: 40) }
    #expect(error?.description == "tensor weight_packed cannot be used: 40 columns are no multiple of the group, 32")
}
