// The parsers of outside bytes, and what they promise. A parser may refuse anything; it may not trap, read where nothing is, take for
// ever or fill the memory.

package enum FuzzedParser: String, CaseIterable, Sendable {
    case clip, http, multipart, safetensors, ssml, text, tokenizer, toml, torch, websocket, wyoming

    /// Stops the program when the parser breaks a promise of its own.
    package func feed(_ bytes: [UInt8]) {
        switch self {
        case .clip: parseClip(bytes)
        case .http: answerRequest(bytes)
        case .multipart: parseMultipart(bytes)
        case .safetensors: parseSafetensors(bytes)
        case .ssml: parseSSML(bytes)
        case .text: parseText(bytes)
        case .tokenizer: parseTokenizer(bytes)
        case .toml: parseSettings(bytes)
        case .torch: parseTorch(bytes)
        case .websocket: parseFrames(bytes)
        case .wyoming: parseWyoming(bytes)
        }
    }
}
