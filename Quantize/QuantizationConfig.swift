// config.json's `quantization_config`, by the public compressed-tensors convention.

import FoundationEssentials
import ModelFile

enum QuantizationConfig {
    /// The source's config.json with one member more, everything else as it was. nil when no tensor is quantized.
    static func adding(_ plans: [TensorPlan], to configuration: [UInt8]) throws -> [UInt8] {
        guard let member = try member(plans) else { return configuration }
        return adding("quantization_config", member, to: configuration)
    }

    /// A JSON object with one member more, everything else as it was.
    static func adding(_ name: String, _ member: String, to object: [UInt8]) -> [UInt8] {
        guard let end = object.lastIndex(of: UInt8(ascii: "}")) else { return object }
        var head = object[..<end]
        while let last = head.last, [9, 10, 13, 32].contains(last) { head.removeLast() }
        let lines = member.split(separator: "\n").joined(separator: "\n  ")
        return head + Array(",\n  \"\(name)\": \(lines)\n}\n".utf8)
    }

    private struct Config: Encodable {
        let quant_method = "compressed-tensors"
        let quantization_status = "compressed"
        let format: String
        let config_groups: [String: Group]
        let ignore: [String]
    }

    private struct Group: Encodable {
        let format: String
        let targets: [String]
        let weights: Arguments
        /// int8 activations are made while the model runs, a scale for each vector.
        let input_activations = Arguments(
            num_bits: 8, type: "int", symmetric: true, strategy: "token", dynamic: true, group_size: nil)
    }

    private struct Arguments: Encodable {
        let num_bits: Int
        let type: String
        let symmetric: Bool
        let strategy: String
        let dynamic: Bool
        let group_size: Int?
    }

    private static func member(_ plans: [TensorPlan]) throws -> String? {
        var groups: [String: Group] = [:]
        for format in [TensorFormat.int8, .int4] {
            let layers = layers(plans) { $0.format == format }
            guard !layers.isEmpty else { continue }
            let weights =
                format == .int8
                ? Arguments(
                    num_bits: 8, type: "int", symmetric: true, strategy: "channel", dynamic: false, group_size: nil)
                : Arguments(
                    num_bits: 4, type: "int", symmetric: true, strategy: "group", dynamic: false,
                    group_size: Int4Encoding.group)
            groups["group_\(groups.count)"] = Group(
                format: format == .int8 ? "int-quantized" : "pack-quantized", targets: layers, weights: weights)
        }
        guard let first = groups.values.first else { return nil }
        let kept = layers(plans) { ![.int8, .int4].contains($0.format) && $0.source.shape.count == 2 }
        let config = Config(
            format: groups.count == 1 ? first.format : "mixed-precision", config_groups: groups, ignore: kept)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(config), as: UTF8.self)
    }

    /// Names of layers; where every number of a pattern is meant, `re:^talker\.model\.layers\.\d+\.mlp\.up_proj$` for all.
    private static func layers(_ plans: [TensorPlan], where isMember: (TensorPlan) -> Bool) -> [String] {
        let layers = plans.filter { $0.source.name.hasSuffix(".weight") }
        let others = Set(layers.filter { !isMember($0) }.map { pattern($0.source.name) })
        let targets = layers.filter(isMember).map { layer in
            let pattern = pattern(layer.source.name)
            return others.contains(pattern) ? String(layer.source.name.dropLast(".weight".count)) : pattern
        }
        return Set(targets).sorted()
    }

    private static func pattern(_ name: String) -> String {
        let parts = name.dropLast(".weight".count).split(separator: ".")
        return "re:^" + parts.map { $0.allSatisfy(\.isNumber) ? "\\d+" : String($0) }.joined(separator: "\\.") + "$"
    }
}
