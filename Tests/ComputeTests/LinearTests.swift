// Linear layers from checkpoints of every weight format, against plain arithmetic on the values the file stands for.

import Compute
import ModelFile
import Testing

/// A layer in a file and the float32 matrix it stands for.
private struct StoredLayer {
    static let columns = 96
    let rows: Int
    let format: WeightFormat
    var file = CheckpointFile()
    var matrix: [Float] = []  // [rows, columns]

    init(_ format: WeightFormat, rows: Int, seed: UInt64, name: String = "", scalesInFloat32: Bool = false) {
        self.format = format
        self.rows = rows
        let columns = Self.columns
        var noise = Noise(state: seed)
        func bfloat16(_ value: Float) -> Float { Float(bitPattern: value.bitPattern & 0xFFFF_0000) }
        switch format {
        case .f32:
            matrix = noise.floats(rows * columns).values
            file.add(name + "weight", [rows, columns], floats: matrix)
        case .bf16:
            matrix = noise.floats(rows * columns).values.map(bfloat16)
            file.add(name + "weight", [rows, columns], bfloat16: matrix)
        case .int8:
            let values = noise.bytes(rows * columns).values
            let scales = noise.floats(rows, scale: 0.01).values
            matrix = values.indices.map { scales[$0 / columns] * Float(values[$0]) }
            file.add(name + "weight", [rows, columns], int8: values)
            file.add(name + "weight_scale", [rows, 1], floats: scales)
        case .int4:
            let values = (0..<rows * columns).map { _ in Int(noise.bits() % 16) - 8 }
            let scales = noise.floats(rows * columns / 32, scale: 0.1).values.map(bfloat16)
            matrix = values.indices.map { scales[$0 / 32] * Float(values[$0]) }
            file.add(name + "weight_packed", rows: rows, int4: values)
            file.add(name + "weight_shape", [2], int64: [Int64(rows), Int64(columns)])
            if scalesInFloat32 {
                file.add(name + "weight_scale", [rows, columns / 32], floats: scales)
            } else {
                file.add(name + "weight_scale", [rows, columns / 32], bfloat16: scales)
            }
        }
    }

    func linear() throws -> Linear { try Linear(file.weights(), rows: rows, columns: Self.columns) }

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
    @Test(arguments: Kernels.available.map(\.name), WeightFormat.allCases)
    func everyFormatEqualsItsValues(_ isa: String, format: WeightFormat) throws {
        let kernels = try #require(Kernels.available.first { $0.name == isa })
        let layer = StoredLayer(format, rows: 83, seed: 11)
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

    @Test(arguments: WeightFormat.allCases)
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

    @Test(arguments: [1, 3])
    func groupOfEveryFormatEqualsItsLayers(threads: Int) throws {
        let layers = try WeightFormat.allCases.enumerated().map { index, format in
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

    @Test func float32ScalesOfInt4() throws {
        let x = input(2)
        let results = try [false, true].map { wide in
            let layer = StoredLayer(.int4, rows: 40, seed: 3, scalesInFloat32: wide)
            let y = Rows(rows: 2, columns: 40)
            try layer.linear().apply(x, into: y, on: Processor())
            return y.values
        }
        #expect(results[0] == results[1])
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
        "integers of 64 bits", "tensor weight holds I64 where F32, BF16 or I8 is expected",
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
