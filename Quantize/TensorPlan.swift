// What becomes of one tensor: the format its recipe asks for, the tensors it is stored as, and its data, piece by piece.

import Compute
import ModelFile

struct TensorPlan: Sendable {
    let source: SourceTensor
    /// As stored: what the recipe asks for, or its "otherwise".
    let format: TensorFormat
    /// No rule of the recipe names it.
    let isUnknown: Bool
    /// Its rule's format cannot hold it.
    let isFallback: Bool
    let outputs: [TensorDescription]

    init(_ source: SourceTensor, rules: [Recipe.Rule]) throws(QuantizationError) {
        self.source = source
        let rule = Recipe.rule(source.name, in: rules)
        isUnknown = rule == nil
        let asked = source.isFloat ? rule?.format ?? .keep : .keep
        if let reason = asked.obstacle(source.name, source.shape) {
            guard let otherwise = rule?.otherwise, otherwise.obstacle(source.name, source.shape) == nil else {
                throw .notRepresentable(tensor: source.name, format: asked.name, reason: reason)
            }
            format = otherwise
            isFallback = true
        } else {
            format = asked
            isFallback = false
        }
        outputs = format.tensors(source.shape, of: source.type).map {
            TensorDescription(name: source.name + $0.suffix, type: $0.type, shape: $0.shape)
        }
    }

    var byteCount: Int { outputs.reduce(0) { $0 + $1.byteCount } }

    /// "BF16"
    var from: String { source.type.rawValue }
    /// "int8", "BF16"
    var to: String { format.needsRows ? format.name : outputs[0].type.rawValue }

    /// The layer whose matrix it is, where its format needs rows: those are named *.weight.
    var layer: String { String(source.name.dropLast(".weight".count)) }
    /// Whether its rounding can be led by what it multiplies.
    var takesFeedback: Bool { format.encoding is any FeedbackEncoding.Type }

    // MARK: Pieces

    /// Elements of a piece, about: a megabyte of floats, so that every thread has some of a matrix.
    private static let pieceSize = 1 << 18

    /// Elements that are encoded together.
    private var row: Int { format.needsRows || source.isTurned ? source.shape[1] : 1 }

    /// Ranges of elements that are encoded one by one: whole rows where a format needs them.
    var pieces: [Range<Int>] {
        let size = max(1, Self.pieceSize / row) * row
        return stride(from: 0, to: source.count, by: size).map { $0..<min($0 + size, source.count) }
    }

    /// Encodes one piece into the file, led by `feedback` where there is some.
    func encode(_ piece: Range<Int>, _ feedback: ErrorFeedback?, into writer: SafetensorsWriter) throws {
        let name = source.name
        defer { source.release(piece) }
        guard source.isFloat else {
            return try writer.write(try source.bytes(piece), to: name, at: piece.lowerBound * source.type.size)
        }
        let values = try source.floats(piece)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw QuantizationError.notFinite(
                tensor: name, path: source.path, element: piece.lowerBound + index, value: "\(values[index])")
        }
        guard let encoding = format.encoding else {
            return try writer.write(try source.bytes(piece), to: name, at: piece.lowerBound * source.type.size)
        }
        var encoded: [[UInt8]]
        do {
            if let feedback, let encoding = encoding as? any FeedbackEncoding.Type {
                encoded = encoding.encode(values, feedback)
            } else {
                encoded = try encoding.encode(values, columns: row)
            }
        } catch {
            throw QuantizationError.notRepresentable(
                tensor: name, format: format.name, reason: "\(error.value) is beyond its largest value")
        }
        let rows = source.count / row
        for tensor in encoding.tensors(source.shape) {
            if let integers = tensor.integers {
                if piece.lowerBound == 0 { try writer.write(integers, to: name + tensor.suffix, at: 0) }
            } else {
                let bytes = encoded.removeFirst()
                try writer.write(
                    bytes, to: name + tensor.suffix, at: piece.lowerBound / row * (tensor.byteCount / rows))
            }
        }
    }
}

extension SourceTensor {
    fileprivate var isFloat: Bool { [.f32, .bf16, .f16].contains(type) }
}
