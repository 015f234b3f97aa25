import Compute
import Files
import FoundationEssentials
import Glibc
import Memory
import ModelFile
import Qwen3TTS

/// How fast this computer reads memory, and passes weights of a format through the model's layers.
///
/// The layers have the shapes of the 0.6B model's and made-up weights; a frame of speech needs about a hundred such layers
/// of the transformers and forty of the codec, so that its time follows from theirs. The weights measured are larger than
/// the caches of the computers this is for.
struct SpeedMeasurement: Encodable {
    struct Format: Encodable {
        /// Bytes of weights each second.
        let weightRate: Double
        let secondsPerFrame: Double
        let timesRealTime: Double
    }

    let threads: Int
    /// Bytes each second, reading.
    let memoryBandwidth: Double
    /// Time of the codec decoder, in the precision that speaks.
    let codecSecondsPerFrame: Double
    /// Multiply-adds each second of a layer in float32 whose weights serve many vectors.
    let multiplyRate: Double
    let int8: Format
    let int4: Format

    var deviceClass: DeviceClass { DeviceClass(timesRealTime: max(int8.timesRealTime, int4.timesRealTime)) }

    /// Weights that one frame passes: talker 440 M, code predictor 15 × 78.6 M, heads 34 M.
    private static let weightsPerFrame = 440e6 + 15 * 78.6e6 + 34e6
    private static let frameSeconds = 0.08

    /// Bytes it holds at most: those it reads to find the bandwidth, and layers beside what they are made of.
    static let memory = 280_000_000

    /// Whether they can be had without pushing others out; yes where nothing is known.
    static func fits(_ memory: SystemMemory) -> Bool { memory.available.map { $0.bytes >= Self.memory } ?? true }

    init(threads: Int) throws {
        self.threads = threads
        let processor = Processor(threads: threads)
        memoryBandwidth = Self.readBandwidth(threads: threads)
        let codec = try CodecLayers().secondsPerFrame(on: processor)
        codecSecondsPerFrame = codec
        multiplyRate = try Self.multiplyRate(on: processor)
        int8 = try Self.measure(WeightFormat(Int8Matrix.self), codec, on: processor)
        int4 = try Self.measure(WeightFormat(Int4Matrix.self), codec, on: processor)
    }

    /// The C library's search for a byte that is not there reads as fast as memory gives.
    private static func readBandwidth(threads: Int) -> Double {
        let bytes = [UInt8](repeating: 1, count: 256 << 20)
        let pool = WorkerPool(threads: threads)
        let seconds = best(of: 3) {
            pool.run(256, grain: 1) { range in
                unsafe bytes.withUnsafeBytes { all in
                    let part = unsafe all.baseAddress! + range.lowerBound << 20
                    precondition(unsafe memchr(part, 0, range.count << 20) == nil)
                }
            }
        }
        return Double(bytes.count) / seconds
    }

    private static func multiplyRate(on processor: Processor) throws -> Double {
        let (width, count) = (1024, 64)
        let layer = try SyntheticWeights(.f32, [("wide", width, width)]).layer("wide", width, width)
        let (x, y) = (Rows(rows: count, columns: width), Rows(rows: count, columns: width))
        x.fill(0.5)
        return Double(count * width * width) / best(of: 3) { layer.apply(x, into: y, on: processor) }
    }

    private static func measure(_ format: WeightFormat, _ codec: Double, on processor: Processor) throws -> Format {
        let stack = try LayerStack(format)
        let seconds = best(of: 3) { stack.run(on: processor) }
        let weights = seconds * weightsPerFrame / Double(stack.weights)
        let frame = weights + codec
        return Format(
            weightRate: Double(stack.bytes) / seconds, secondsPerFrame: frame, timesRealTime: frameSeconds / frame)
    }

    /// Seconds of the quickest of several runs, after one that warms up.
    fileprivate static func best(of count: Int, _ body: () -> Void) -> Double {
        body()
        return (0..<count).map { _ in ContinuousClock().measure(body) / .seconds(1) }.min()!
    }
}

/// Eight layers as the talker's: attention projections and gated feed-forward.
private struct LayerStack {
    let weights: Int
    let bytes: Int
    private let layers: [Layer]

    private struct Layer {
        let qkv, gateUp: LinearGroup
        let output, down: Linear
    }

    private static let hidden = 1024
    private static let heads = 2048
    private static let feedForward = 3072
    private static let shapes = [
        ("q", heads, hidden), ("k", hidden, hidden), ("v", hidden, hidden), ("o", hidden, heads),
        ("gate", feedForward, hidden), ("up", feedForward, hidden), ("down", hidden, feedForward),
    ]

    init(_ format: WeightFormat) throws {
        let count = 8
        let all = (0..<count).flatMap { index in Self.shapes.map { ("\(index).\($0.0)", $0.1, $0.2) } }
        let file = try SyntheticWeights(format, all)
        layers = try (0..<count).map { index in
            let members = try Self.shapes.map { try file.layer("\(index).\($0.0)", $0.1, $0.2) }
            return Layer(
                qkv: LinearGroup(Array(members[0...2])), gateUp: LinearGroup(Array(members[4...5])), output: members[3],
                down: members[6])
        }
        weights = all.reduce(0) { $0 + $1.1 * $1.2 }
        bytes = file.bytes
    }

    private let x = Rows(rows: 1, columns: hidden)
    private let attention = Rows(rows: 1, columns: heads)
    private let inner = Rows(rows: 1, columns: feedForward)
    private let qkv = Rows(rows: 1, columns: heads + 2 * hidden)
    private let gateUp = Rows(rows: 1, columns: 2 * feedForward)

    func run(on processor: Processor) {
        for row in [x, attention, inner] { row.fill(0.5) }
        for layer in layers {
            layer.qkv.apply(x, into: qkv, on: processor)
            layer.output.apply(attention, into: x, on: processor)
            layer.gateUp.apply(x, into: gateUp, on: processor)
            layer.down.apply(inner, into: x, on: processor)
            x.fill(0.5)
        }
    }
}

/// Convolutions as the codec decoder's, in the precision that speaks: early ones run at the speed of memory, those of the four
/// blocks, with many rows a frame, at that of the multipliers.
private struct CodecLayers {
    private struct Layer {
        let convolution: PackedConvolution
        let input: ConvolutionInput
        let x, y: Rows

        func run(on processor: Processor) {
            input.write(x, on: processor)
            convolution.apply(input, into: y, on: processor)
            input.advance(x.rows)
        }
    }

    /// Layers that stand for all of their kind.
    private struct Kind: Sendable {
        /// Channels in and out, and rows a frame.
        let sizes: [(inputs: Int, outputs: Int, rows: Int)]
        let taps: Int
        let layer: @Sendable (_ index: Int) -> CodecLayer
        /// Multiply-adds of all such layers for a frame.
        let operations: Double
    }

    private static let blocks = [(768, 768, 32), (384, 384, 160), (192, 192, 640), (96, 96, 1920)]
    private static let kinds = [
        Kind(sizes: blocks, taps: 7, layer: { .dilated(block: $0) }, operations: 1.76e9),
        Kind(sizes: blocks, taps: 1, layer: { .narrow(block: $0) }, operations: 0.59e9),
        Kind(sizes: [(1024, 1536, 4)], taps: 7, layer: { _ in .first }, operations: 4 * 64e6),
    ]

    func secondsPerFrame(on processor: Processor) throws -> Double {
        var seconds = 0.0
        for kind in Self.kinds {
            let layers = try Self.layers(kind)
            let operations = kind.sizes.reduce(0) { $0 + $1.inputs * $1.outputs * $1.rows * kind.taps }
            let time = SpeedMeasurement.best(of: 3) { for layer in layers { layer.run(on: processor) } }
            seconds += time * kind.operations / Double(operations)
        }
        return seconds
    }

    private static func layers(_ kind: Kind) throws -> [Layer] {
        let names = kind.sizes.indices.map { "\($0)" }
        let file = try SyntheticWeights(
            WeightFormat(BFloat16Matrix.self), zip(names, kind.sizes).map { ($0, $1.outputs, $1.inputs * kind.taps) })
        return try zip(kind.sizes.indices, kind.sizes).map { index, size in
            let convolution = try PackedConvolution(
                file.weights[names[index]].tensor("weight"),
                ConvolutionShape(inputs: size.inputs, outputs: size.outputs, taps: kind.taps, period: size.rows),
                bias: nil, format: CodecPrecision.speaking.format(kind.layer(index)))
            let layer = Layer(
                convolution: convolution, input: convolution.makeInput(),
                x: Rows(rows: size.rows, columns: size.inputs), y: Rows(rows: size.rows, columns: size.outputs))
            layer.x.fill(0.5)
            return layer
        }
    }
}

/// A checkpoint of made-up matrices, in memory, that the layers read like any other.
private struct SyntheticWeights {
    let bytes: Int
    private let file: Safetensors

    /// - Parameter matrices: name, rows, columns.
    init(_ format: WeightFormat, _ matrices: [(String, Int, Int)]) throws {
        var header: [String] = []
        var end = 0
        func add(_ name: String, _ tensor: WeightTensor) {
            let next = end + tensor.byteCount
            header.append(
                "\"\(name).weight\(tensor.suffix)\":{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":\(tensor.shape),"
                    + "\"data_offsets\":[\(end),\(next)]}")
            end = next
        }
        let tensors = matrices.flatMap { name, rows, columns in
            format.matrix.tensors([rows, columns]).map { (name, $0) }
        }
        for (name, tensor) in tensors where tensor.integers == nil { add(name, tensor) }
        bytes = end
        for (name, tensor) in tensors where tensor.integers != nil { add(name, tensor) }
        file = try Self.map(
            "{\(header.joined(separator: ","))}", weightBytes: bytes,
            integers: tensors.flatMap { $0.1.integers ?? [] })
    }

    /// Writes a file that lives in memory only, and maps it.
    private static func map(_ header: String, weightBytes: Int, integers: [Int64]) throws -> Safetensors {
        let memory = try OutputFile(creating: "/dev/shm/makima-doctor-\(UUID().uuidString)", isPrivate: true)
        unsafe unlink(memory.path)
        let padded = header + String(repeating: " ", count: (64 - (header.utf8.count + 8) % 64) % 64)
        var start = (0..<8).map { UInt8(truncatingIfNeeded: padded.utf8.count >> ($0 * 8)) } + Array(padded.utf8)
        // 0x3C3C3C3C is a small float, a small integer and small nibbles, whichever way it is read.
        start += [UInt8](repeating: 0x3C, count: weightBytes)
        start += integers.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        try memory.write(start)
        return try Safetensors(path: "/proc/self/fd/\(memory.descriptor)")
    }

    var weights: Weights { Weights(tensors: file.tensors, path: file.path) }

    func layer(_ name: String, _ rows: Int, _ columns: Int) throws -> Linear {
        try Linear(weights[name], rows: rows, columns: columns)
    }
}
