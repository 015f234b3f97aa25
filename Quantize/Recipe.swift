// Which tensor gets which format: data, not code. `Recipes/*.json` are built into the program.

import Compute
import FoundationEssentials

package struct Recipe: Codable, Sendable, Equatable {
    package struct Rule: Codable, Sendable, Equatable {
        /// Names of tensors; `*` stands for any characters.
        package let tensors: [String]
        package let format: TensorFormat
        /// For matrices that `format` cannot hold, such as int4 where the columns are no multiple of 32.
        package let otherwise: TensorFormat?

        /// The rule with `other` where it says int8, and int8 for what that cannot hold.
        fileprivate func with(_ other: WeightFormat) -> Rule {
            guard format == .int8 else { return self }
            let holdsAll = TensorFormat.anywhere.contains(.stored(other))
            return Rule(tensors: tensors, format: .stored(other), otherwise: holdsAll ? nil : .int8)
        }
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
            guard rule.otherwise.map(TensorFormat.anywhere.contains) ?? true else {
                let names = TensorFormat.anywhere.map(\.name).joined(separator: ", ")
                throw .badRecipe(name: name, reason: "\"otherwise\" must be one of \(names)")
            }
        }
    }

    /// The recipes that are built in: one for each format that has one of its name, and "mixed".
    package static let names = uniform.map(\.name) + ["mixed"]

    /// Formats whose recipe is that of int8 with themselves in its place.
    private static let uniform = WeightFormat.all.filter { $0.encoding?.recipe != nil }

    package static func named(_ name: String) throws(QuantizationError) -> Recipe {
        if name == "mixed" { return try Recipe(json: PackageResources.mixed_json, name: name) }
        guard let format = uniform.first(where: { $0.name == name }), let summary = format.encoding?.recipe else {
            throw .badRecipe(name: name, reason: "there are \(names.joined(separator: ", "))")
        }
        let recipe = try Recipe(json: PackageResources.int8_json, name: name)
        return Recipe(
            name: name, summary: summary, model: recipe.model.map { $0.with(format) },
            speechTokenizer: recipe.speechTokenizer)
    }

    private init(name: String, summary: String, model: [Rule], speechTokenizer: [Rule]) {
        (self.name, self.summary, self.model, self.speechTokenizer) = (name, summary, model, speechTokenizer)
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
