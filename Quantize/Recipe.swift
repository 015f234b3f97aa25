// Which tensor gets which format: data, not code. `Recipes/*.json` are built into the program.

import FoundationEssentials

/// How a tensor is stored.
package enum TensorFormat: String, Codable, Sendable, CaseIterable {
    /// A scale for each row, symmetric.
    case int8
    /// A scale for each 32 columns of a row, symmetric.
    case int4
    case bf16
    case f32
    /// As it is.
    case keep
}

package struct Recipe: Codable, Sendable, Equatable {
    package struct Rule: Codable, Sendable, Equatable {
        /// Names of tensors; `*` stands for any characters.
        package let tensors: [String]
        package let format: TensorFormat
        /// For matrices that `format` cannot hold, such as int4 where the columns are no multiple of 32.
        package let otherwise: TensorFormat?
    }

    package let name: String
    package let summary: String
    /// For `model.safetensors` and `speech_tokenizer/model.safetensors`: the first rule that names a tensor counts.
    package let model: [Rule]
    package let speechTokenizer: [Rule]

    enum CodingKeys: String, CodingKey {
        case name, summary, model
        case speechTokenizer = "speech_tokenizer"
    }

    package init(json: [UInt8], name: String) throws(QuantizationError) {
        do {
            self = try JSONDecoder().decode(Recipe.self, from: Data(json))
        } catch {
            throw .badRecipe(name: name, reason: "it is not JSON of the form that Quantize/README.md describes")
        }
        for rule in model + speechTokenizer {
            guard !rule.tensors.isEmpty else { throw .badRecipe(name: name, reason: "a rule names no tensors") }
            guard
                rule.otherwise == nil || rule.otherwise == .bf16 || rule.otherwise == .int8
                    || rule.otherwise == .f32 || rule.otherwise == .keep
            else { throw .badRecipe(name: name, reason: "\"otherwise\" must be int8, bf16, f32 or keep") }
        }
    }

    /// The recipes that are built in.
    package static let names = ["int8", "int4", "bf16", "mixed"]

    package static func named(_ name: String) throws(QuantizationError) -> Recipe {
        let json =
            switch name {
            case "int8": PackageResources.int8_json
            case "int4": PackageResources.int4_json
            case "bf16": PackageResources.bf16_json
            case "mixed": PackageResources.mixed_json
            default: [UInt8]()
            }
        guard !json.isEmpty else {
            throw .badRecipe(name: name, reason: "there are \(names.joined(separator: ", "))")
        }
        return try Recipe(json: json, name: name)
    }

    /// The rule for a tensor; nil for tensors the recipe does not know.
    package static func rule(_ name: String, in rules: [Rule]) -> Rule? {
        rules.first { rule in rule.tensors.contains { matches(name[...], pattern: $0[...]) } }
    }

    /// Whether `name` is `pattern`, in which `*` stands for any characters.
    static func matches(_ name: Substring, pattern: Substring) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(parts[0]) else { return false }
        var rest = name.dropFirst(parts[0].count)
        for part in parts[1..<parts.count - 1] {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
