// How many heads the attentions have: the one size that no tensor's shape tells.

import FoundationEssentials
package import ModelFile

/// The released models have heads of 64 everywhere. `kit.json`, which checkpoints for tests bring, says where theirs differ.
package struct HeadCounts: Sendable, Equatable {
    /// Of T3, a GPT-2.
    package var t3: Int?
    /// Of the flow's conformer.
    package var flow: Int?
    /// Of the flow's estimator, and elements of each.
    package var estimator: Int?
    package var estimatorDimension: Int?

    /// Elements of a head where nothing else is said.
    package static let released = 64

    package init() {}

    /// What `kit.json` of `directory` says, or nothing when there is none.
    package init(directory: String) throws(ConfigurationError) {
        let path = directory + "/kit.json"
        guard let data = FileManager.default.contents(atPath: path) else { return }
        struct Kit: Decodable {
            struct Part: Decodable {
                let heads: Int
                let head_dim: Int?
            }
            let t3: Part
            let flow: Part
            let estimator: Part
        }
        let kit: Kit
        do {
            kit = try JSONDecoder().decode(Kit.self, from: data)
        } catch {
            throw .unreadable(
                path: path, reason: "it does not say how many heads t3, flow and estimator have: \(error)")
        }
        for (name, part) in [("t3", kit.t3), ("flow", kit.flow), ("estimator", kit.estimator)]
        where !(1...1024).contains(part.heads) || !(1...4096).contains(part.head_dim ?? 1) {
            throw .invalid(path: path, field: name, reason: "has \(part.heads) heads")
        }
        (t3, flow, estimator) = (kit.t3.heads, kit.flow.heads, kit.estimator.heads)
        estimatorDimension = kit.estimator.head_dim
    }
}
