// config.json's `quantization_config`, by the public compressed-tensors convention.

import Compute
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
        let weights: CompressedTensors.Arguments
        let input_activations: CompressedTensors.Arguments?
    }

    private static func member(_ plans: [TensorPlan]) throws -> String? {
        var groups: [String: Group] = [:]
        for format in WeightFormat.all {
            guard let scheme = format.encoding?.scheme else { continue }
            let layers = layers(plans) { $0.format == .stored(format) }
            guard !layers.isEmpty else { continue }
            groups["group_\(groups.count)"] = Group(
                format: scheme.format, targets: layers, weights: scheme.weights, input_activations: scheme.activations)
        }
        guard let first = groups.values.first else { return nil }
        let kept = layers(plans) { $0.format.encoding?.scheme == nil && $0.source.shape.count == 2 }
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
