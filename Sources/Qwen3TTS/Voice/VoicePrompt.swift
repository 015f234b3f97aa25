// What a voice is made of, and how it is kept.

import Files
package import Speech

package struct VoicePrompt: Sendable, Equatable {
    /// x-vector [hidden].
    package var speaker: [Float]
    /// Codes of the reference clip, one row per frame; empty for a voice by x-vector alone.
    package var codes: [[Int]]
    /// What the clip says; goes with `codes`.
    package var transcript: String

    package init(speaker: [Float], codes: [[Int]] = [], transcript: String = "") {
        self.speaker = speaker
        self.codes = codes
        self.transcript = transcript
    }
}

// MARK: - Prepared

extension VoicePrompt {
    package static let engine = "qwen3"
    /// The first bytes of a prepared voice: whose it is, and the version of its format.
    private static let mark = Array("qwen3 voice 1\n".utf8)

    /// Mark, then little-endian 32-bit numbers: width, floats of the speaker; frames, codes of a frame, codes; bytes of the
    /// transcript, transcript.
    package var prepared: PreparedVoice {
        var bytes = Self.mark
        bytes.append(littleEndian: UInt32(speaker.count))
        for value in speaker { bytes.append(littleEndian: value.bitPattern) }
        bytes.append(littleEndian: UInt32(codes.count))
        bytes.append(littleEndian: UInt32(codes.first?.count ?? 0))
        for frame in codes { for code in frame { bytes.append(littleEndian: UInt32(code)) } }
        bytes.append(littleEndian: UInt32(transcript.utf8.count))
        return PreparedVoice(engine: Self.engine, bytes: bytes + Array(transcript.utf8))
    }

    /// The voice that was prepared for a model of this configuration; nil for any other, and for what is damaged.
    package init?(_ voice: PreparedVoice, for configuration: Configuration) {
        guard voice.engine == Self.engine, voice.bytes.starts(with: Self.mark) else { return nil }
        var reader = LittleEndianReader(voice.bytes, at: Self.mark.count, to: voice.bytes.count)
        let c = configuration.talker
        guard let width = reader.count(), width == c.hidden_size, let vector = reader.values(width),
            let frames = reader.count(), let groups = reader.count(), frames == 0 || groups == c.num_code_groups,
            let codes = reader.values(frames * groups), let length = reader.count(), reader.rest == length,
            let text = reader.bytes(length), let transcript = String(validating: text, as: UTF8.self)
        else { return nil }
        speaker = vector.map { Float(bitPattern: UInt32($0)) }
        let limit = min(configuration.codePredictor.vocab_size, c.vocab_size)
        guard speaker.allSatisfy(\.isFinite), codes.allSatisfy({ $0 < limit }) else { return nil }
        self.codes = (0..<frames).map { frame in Array(codes[frame * groups..<(frame + 1) * groups]) }
        self.transcript = transcript
    }
}

extension LittleEndianReader {
    /// A number of things that can be there.
    fileprivate mutating func count() -> Int? { number(4).flatMap { $0 <= 1 << 24 ? $0 : nil } }

    fileprivate mutating func values(_ count: Int) -> [Int]? {
        guard count >= 0, count <= rest / 4 else { return nil }
        return (0..<count).compactMap { _ in number(4) }
    }
}
