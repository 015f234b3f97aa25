// What becomes of one tensor: the format its recipe asks for, the tensors it is stored as, and its data, piece by piece.

import ModelFile

struct TensorPlan: Sendable {
    let source: Tensor
    /// As stored: what the recipe asks for, or its "otherwise".
    let format: TensorFormat
    /// No rule of the recipe names it.
    let isUnknown: Bool
    /// Its rule's format cannot hold it.
    let isFallback: Bool
    let outputs: [TensorDescription]

    init(_ source: Tensor, rules: [Recipe.Rule]) throws(QuantizationError) {
        self.source = source
        let rule = Recipe.rule(source.name, in: rules)
        isUnknown = rule == nil
        let isFloat = [.f32, .bf16, .f16].contains(source.type)
        let asked = isFloat ? rule?.format ?? .keep : .keep
        if let reason = Self.obstacle(source, asked) {
            guard let otherwise = rule?.otherwise, Self.obstacle(source, otherwise) == nil else {
                throw .notRepresentable(tensor: source.name, format: asked.rawValue, reason: reason)
            }
            format = otherwise
            isFallback = true
        } else {
            format = asked
            isFallback = false
        }
        outputs = Self.outputs(source, format)
    }

    /// Why a tensor cannot be stored in a format.
    private static func obstacle(_ tensor: Tensor, _ format: TensorFormat) -> String? {
        guard format == .int8 || format == .int4 else { return nil }
        guard tensor.name.hasSuffix(".weight"), tensor.shape.count == 2, tensor.count > 0 else {
            return "it is no matrix named *.weight, but has shape \(tensor.shape)"
        }
        let columns = tensor.shape[1]
        if format == .int4 {
            return columns % Int4Encoding.group == 0
                ? nil : "its \(columns) columns are no multiple of \(Int4Encoding.group)"
        }
        return columns <= Int8Encoding.columnLimit
            ? nil : "it has \(columns) columns, of \(Int8Encoding.columnLimit) at most"
    }

    private static func outputs(_ source: Tensor, _ format: TensorFormat) -> [TensorDescription] {
        let (name, shape) = (source.name, source.shape)
        switch format {
        case .keep: return [TensorDescription(name: name, type: source.type, shape: shape)]
        case .f32: return [TensorDescription(name: name, type: .f32, shape: shape)]
        case .bf16: return [TensorDescription(name: name, type: .bf16, shape: shape)]
        case .int8:
            return [
                TensorDescription(name: name, type: .i8, shape: shape),
                TensorDescription(name: name + "_scale", type: .f32, shape: [shape[0], 1]),
            ]
        case .int4:
            return [
                TensorDescription(name: name + "_packed", type: .i32, shape: [shape[0], shape[1] / 8]),
                TensorDescription(
                    name: name + "_scale", type: .bf16, shape: [shape[0], shape[1] / Int4Encoding.group]),
                TensorDescription(name: name + "_shape", type: .i64, shape: [2]),
            ]
        }
    }

    var byteCount: Int { outputs.reduce(0) { $0 + $1.byteCount } }

    /// "BF16"
    var from: String { source.type.rawValue }
    /// "int8", "BF16"
    var to: String { format == .int8 || format == .int4 ? format.rawValue : outputs[0].type.rawValue }

    // MARK: Pieces

    /// Elements of a piece, about: four megabytes of floats.
    private static let pieceSize = 1 << 20

    /// Ranges of elements that are encoded one by one: whole rows where a format needs them.
    var pieces: [Range<Int>] {
        let row = format == .int8 || format == .int4 ? source.shape[1] : 1
        let size = max(1, Self.pieceSize / row) * row
        return stride(from: 0, to: source.count, by: size).map { $0..<min($0 + size, source.count) }
    }

    /// Encodes one piece into the file.
    func encode(_ piece: Range<Int>, into writer: SafetensorsWriter) throws {
        let name = source.name
        defer { source.release(piece) }
        guard [.f32, .bf16, .f16].contains(source.type) else {
            return try writer.write(source.bytes(piece), to: name, at: piece.lowerBound * source.type.size)
        }
        let values = try source.floats(piece)
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw QuantizationError.notFinite(
                tensor: name, path: source.path, element: piece.lowerBound + index, value: "\(values[index])")
        }
        switch format {
        case .keep: try writer.write(source.bytes(piece), to: name, at: piece.lowerBound * source.type.size)
        case .f32: try writer.write(values, to: name, at: piece.lowerBound * 4)
        case .bf16:
            let halves = values.map(bfloat16)
            if let index = halves.firstIndex(where: { !widen($0).isFinite }) {
                throw QuantizationError.notRepresentable(
                    tensor: name, format: "bf16", reason: "\(values[index]) is beyond its largest value")
            }
            try writer.write(halves, to: name, at: piece.lowerBound * 2)
        case .int8:
            let columns = source.shape[1]
            let (codes, scales) = Int8Encoding.encode(values, columns: columns)
            try writer.write(codes, to: name, at: piece.lowerBound)
            try writer.write(scales, to: name + "_scale", at: piece.lowerBound / columns * 4)
        case .int4:
            let encoded = Int4Encoding.encode(values)
            try writer.write(encoded.packed, to: name + "_packed", at: piece.lowerBound / 2)
            try writer.write(encoded.scales, to: name + "_scale", at: piece.lowerBound / Int4Encoding.group * 2)
            if piece.lowerBound == 0 {
                try writer.write(source.shape.map(Int64.init), to: name + "_shape", at: 0)
            }
        }
    }
}
