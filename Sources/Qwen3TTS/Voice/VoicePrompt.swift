// What a voice is made of, and how it is kept.

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
        func append(_ value: UInt32) {
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(value >> shift & 255)) }
        }
        append(UInt32(speaker.count))
        for value in speaker { append(value.bitPattern) }
        append(UInt32(codes.count))
        append(UInt32(codes.first?.count ?? 0))
        for frame in codes { for code in frame { append(UInt32(code)) } }
        append(UInt32(transcript.utf8.count))
        return PreparedVoice(engine: Self.engine, bytes: bytes + Array(transcript.utf8))
    }

    /// The voice that was prepared for a model of this configuration; nil for any other, and for what is damaged.
    package init?(_ voice: PreparedVoice, for configuration: Configuration) {
        guard voice.engine == Self.engine, voice.bytes.starts(with: Self.mark) else { return nil }
        var reader = Reader(rest: voice.bytes.dropFirst(Self.mark.count))
        let c = configuration.talker
        guard let width = reader.count(), width == c.hidden_size, let vector = reader.values(width),
            let frames = reader.count(), let groups = reader.count(), frames == 0 || groups == c.num_code_groups,
            let codes = reader.values(frames * groups), let length = reader.count(), reader.rest.count == length,
            let transcript = String(validating: reader.rest, as: UTF8.self)
        else { return nil }
        speaker = vector.map { Float(bitPattern: $0) }
        let limit = min(configuration.codePredictor.vocab_size, c.vocab_size)
        guard speaker.allSatisfy(\.isFinite), codes.allSatisfy({ $0 < limit }) else { return nil }
        self.codes = (0..<frames).map { frame in codes[frame * groups..<(frame + 1) * groups].map { Int($0) } }
        self.transcript = transcript
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        /// A number of things that can be there.
        mutating func count() -> Int? {
            values(1).flatMap { $0[0] <= 1 << 24 ? Int($0[0]) : nil }
        }

        mutating func values(_ count: Int) -> [UInt32]? {
            guard count >= 0, count <= rest.count / 4 else { return nil }
            defer { rest = rest.dropFirst(4 * count) }
            let bytes = Array(rest.prefix(4 * count))
            return (0..<count).map { index in
                (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << UInt32(8 * $1) }
            }
        }
    }
}
