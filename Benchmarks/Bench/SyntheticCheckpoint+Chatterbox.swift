// Chatterbox of the released sizes. Of the encoders of voices there is what says how long their vectors are.

import Compute
import Quantization

extension SyntheticCheckpoint {
    /// T3's matrices are stored in `format`, as the quantizer stores them: outputs first.
    convenience init(chatterbox variant: String, format: WeightFormat) throws {
        try self.init(exception: ("speech_head.bias", 6562, -1e4), constant: Self.constant(ofChatterbox:))
        let shapes = Self.chatterboxShapes()
        let t3 = "t3_\(variant)_v1"
        for file in [t3, "s3gen_meanflow", "ve"] {
            try write(shapes[file] ?? [], to: file + ".safetensors") { shape in
                let isStored = file == t3 && (shape.name.contains(".c_") || shape.name.hasPrefix("speech_head"))
                return isStored && shape.extents.count == 2 ? format.encoding ?? Float32Matrix.self : Float32Matrix.self
            }
        }
        try saveTokenizer(added: ["[laugh]"])
    }

    /// By file.
    static func chatterboxShapes() -> [String: [Shape]] {
        var shapes: [String: [Shape]] = [:]
        for line in String(decoding: PackageResources.chatterbox_txt, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            let extents = parts[2].split(separator: "x").map { Int($0)! }
            let names = names(parts[1].split(separator: ".", omittingEmptySubsequences: false))
            shapes[String(parts[0]), default: []] += names.map { Shape(name: $0, extents: extents) }
        }
        return shapes
    }

    /// Every name that a name stands for whose numbers may be ranges.
    private static func names(_ parts: [Substring]) -> [String] {
        guard let first = parts.first else { return [""] }
        let bounds = first.split(separator: "-").compactMap { Int($0) }
        let values = bounds.count == 2 ? (bounds[0]...bounds[1]).map(String.init) : [String(first)]
        let rest = names(Array(parts.dropFirst()))
        return values.flatMap { value in rest.map { $0.isEmpty ? value : value + "." + $0 } }
    }

    /// Norms of one, an activation's period, and gains and a level at which the vocoder neither fades nor overflows.
    private static func constant(ofChatterbox shape: Shape) -> Float? {
        let name = shape.name
        if name.hasSuffix("conv_post.bias") { return -3 }
        if name.hasSuffix("classifier.bias") { return 120 }
        if name.hasSuffix("original0") { return name.contains(".ups.") ? 2 : 0.7 }
        guard shape.extents.count == 1 else { return nil }
        return name.hasSuffix("bias") ? 0 : 1
    }
}
