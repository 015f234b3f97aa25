// What can be wrong with a request, and what can go wrong while it is spoken.

package enum SynthesisError: Error, Sendable, Equatable, CustomStringConvertible {
    case emptyText
    case textTooLong(characters: Int, limit: Int)
    case unknownLanguage(String, known: [String])
    case unknownSpeaker(String, known: [String])
    /// The checkpoint cannot do what was asked.
    case unsupported(String)
    /// The reference clip cannot be used.
    case badReference(String)
    /// The model produced what is no sound.
    case notFinite(frame: Int)
    case outOfMemory(bytes: Int)
    case failed(String)

    package var description: String {
        switch self {
        case .emptyText: "There is nothing to say: the text has no letter and no digit."
        case .textTooLong(let count, let limit): "The text has \(count) characters; the limit is \(limit). Split it."
        case .unknownLanguage(let name, let known):
            "This model does not know the language \(name). It knows: \(known.joined(separator: ", "))."
        case .unknownSpeaker(let name, let known):
            known.isEmpty
                ? "This model has no preset speakers, so none is called \(name)."
                : "This model has no speaker \(name). It has: \(known.joined(separator: ", "))."
        case .unsupported(let what): what
        case .badReference(let why): "The reference clip cannot be used: \(why)"
        case .notFinite(let frame): "The model gave no finite sound in frame \(frame)."
        case .outOfMemory(let bytes): "There is no memory for \(bytes) more bytes."
        case .failed(let why): "Synthesis failed: \(why)"
        }
    }
}
