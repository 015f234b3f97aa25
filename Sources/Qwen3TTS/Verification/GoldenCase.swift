// What the goldens of Qwen3-TTS were made with.

package import Verifying

package typealias Qwen3Goldens = Goldens<GoldenCase>

/// One case of a golden file: what the official implementation was asked.
package struct GoldenCase: Decodable, Sendable {
    package let text: String?
    package let language: String?
    package let reference: String?
    package let ref_text: String?
    package let speaker: String?
    package let instruct: String?
    package let non_streaming_mode: Bool?
    package let repetition_penalty: Float?
    package let max_new_tokens: Int?
    package let input_ids: [Int]?
    package let ref_ids: [Int]?
    package let instruct_ids: [Int]?
    package let temperature: Float?
    package let top_k: Int?
    package let top_p: Float?
    package let subtalker_temperature: Float?
    package let subtalker_top_k: Int?
    package let subtalker_top_p: Float?
    /// Frames of which the golden keeps the samples.
    package let picks: [Int]?
    /// Samples of the signal that is built from the reference.
    package let scale: Float?
    /// Texts and their tokens.
    package let entries: [Entry]?

    package struct Entry: Decodable, Sendable {
        package let text: String
        package let ids: [Int]
    }
}
