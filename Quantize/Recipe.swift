// Which tensor gets which format: data, not code. `Recipes/*.json` are built into the program.

import Compute
import FoundationEssentials
import ModelFile

package struct Recipe: Decodable, Sendable, Equatable {
    package struct Rule: Decodable, Sendable, Equatable {
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
    /// For each file of weights, by what its family calls it: the first rule that names a tensor counts.
    package let parts: [String: [Rule]]

    package init(json: [UInt8], name: String) throws(QuantizationError) {
        do {
            self = try JSONDecoder().decode(Recipe.self, from: Data(json))
        } catch {
            throw .badRecipe(name: name, reason: "it is not JSON of the form that Quantize/README.md describes")
        }
        guard !parts.isEmpty else { throw .badRecipe(name: name, reason: "it has no rules") }
        for rule in parts.values.joined() {
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
        return Recipe(name: name, summary: summary, parts: recipe.parts.mapValues { $0.map { $0.with(format) } })
    }

    private init(name: String, summary: String, parts: [String: [Rule]]) {
        (self.name, self.summary, self.parts) = (name, summary, parts)
    }

    /// The recipe that the checkpoint in a folder says it was made by; nil where it says nothing.
    package static func recorded(in folder: String) -> String? {
        CheckpointFamilies.of(folder)?.mainFile(in: folder).flatMap {
            try? Safetensors(path: folder + "/" + $0).metadata["recipe"]
        }
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

extension Recipe {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static let name = Key(stringValue: "name")
        static let summary = Key(stringValue: "summary")
    }

    /// Beside name and summary every member holds rules.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Key.self)
        name = try members.decode(String.self, forKey: .name)
        summary = try members.decode(String.self, forKey: .summary)
        var parts: [String: [Rule]] = [:]
        for key in members.allKeys where ![Key.name.stringValue, Key.summary.stringValue].contains(key.stringValue) {
            parts[key.stringValue] = try members.decode([Rule].self, forKey: key)
        }
        self.parts = parts
    }
}
