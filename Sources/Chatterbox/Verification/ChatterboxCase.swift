// What the goldens of Chatterbox were made with.

package import Verifying

package typealias ChatterboxGoldens = Goldens<ChatterboxCase>

/// One case of a golden file: what the official implementation was asked, and numbers that are no arrays.
package struct ChatterboxCase: Decodable, Sendable {
    package let text: String?
    package let ids: [Int]?
    package let tokens: [Int]?
    package let max_gen_len: Int?
    package let temperature: Float?
    package let top_k: Int?
    package let top_p: Float?
    package let repetition_penalty: Float?
    package let smallest_decision_gap: Double?
    package let draws: Draws?
    package let tag: String?
    package let samples: Int?
    package let gain: Double?
    package let target_lufs: Double?
    package let trim: [Int]?
    package let frame_step: Int?
    package let windows: Int?
    package let padded_frames: Int?
    package let entries: [Entry]?

    /// A text, what `punc_norm` makes of it, and its tokens.
    package struct Entry: Decodable, Sendable {
        package let text: String
        package let normalized: String
        package let ids: [Int]
    }

    /// Random draws: as numbers in [0, 1), or as the shapes of arrays that `signals.normal` makes.
    package enum Draws: Decodable, Sendable {
        case numbers([Double])
        case shapes([[Int]])

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let shapes = try? container.decode([[Int]].self) {
                self = .shapes(shapes)
            } else {
                self = .numbers(try container.decode([Double].self))
            }
        }
    }
}
