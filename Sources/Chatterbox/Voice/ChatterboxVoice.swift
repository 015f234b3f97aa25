// What a voice is made of, and how it is kept.

import Files
package import Speech

/// What T3 and the flow go on from. The official name is `Conditionals`.
package struct ChatterboxVoice: Sendable, Equatable {
    /// Of T3: who speaks [256], by the voice encoder.
    package var speaker: [Float]
    /// Of T3: speech tokens of the first 15 s of the clip, at most 375.
    package var spokenTokens: [Int]
    /// Of the flow: speech tokens of the first 10 s of the clip [p].
    package var promptTokens: [Int]
    /// Of the flow: the mel spectrogram that goes with them, two frames for each [2p, `melBands`], row by row.
    package var promptMel: [Float]
    /// Of the flow: who speaks [192], by CAMPPlus; not of unit length.
    package var speakerVector: [Float]

    package static let melBands = PromptMel.bands
    static let framesPerToken = 2

    /// Tokens and frames beyond those that go together are left out: of an odd number of frames no token stands for the last.
    package init(
        speaker: [Float], spokenTokens: [Int], promptTokens: [Int], promptMel: [Float], speakerVector: [Float]
    ) {
        let count = min(promptTokens.count, promptMel.count / (Self.framesPerToken * Self.melBands))
        self.speaker = speaker
        self.spokenTokens = spokenTokens
        self.promptTokens = Array(promptTokens.prefix(count))
        self.promptMel = Array(promptMel.prefix(count * Self.framesPerToken * Self.melBands))
        self.speakerVector = speakerVector
    }
}

extension ChatterboxVoice {
    /// What T3 goes on from.
    package var condition: T3Condition { T3Condition(speaker: speaker, promptTokens: spokenTokens) }

    /// What the flow goes on from.
    package var s3gen: S3GenVoice {
        S3GenVoice(promptTokens: promptTokens, promptMel: promptMel, xVector: speakerVector)
    }
}

/// What voices of a model have in common.
package struct VoiceSizes: Sendable, Equatable {
    package var speaker: Int
    package var speakerVector: Int
    /// Speech tokens there are.
    package var tokens: Int
    /// Tokens that T3 goes on from at most.
    package var spokenTokens: Int

    package init(speaker: Int = 256, speakerVector: Int = 192, tokens: Int = 6561, spokenTokens: Int = 375) {
        self.speaker = speaker
        self.speakerVector = speakerVector
        self.tokens = tokens
        self.spokenTokens = spokenTokens
    }

    /// Longest prompt of the flow, in tokens: 30 s, three times what the official code takes.
    private static let mostPromptTokens = 750

    /// What is wrong with a voice for such a model; nil when nothing is.
    func fault(in voice: ChatterboxVoice) -> String? {
        let frames = ChatterboxVoice.framesPerToken * voice.promptTokens.count
        if voice.speaker.count != speaker { return "has a speaker of \(voice.speaker.count) numbers, not \(speaker)" }
        if voice.speakerVector.count != speakerVector {
            return "has an x-vector of \(voice.speakerVector.count) numbers, not \(speakerVector)"
        }
        if voice.spokenTokens.isEmpty || voice.spokenTokens.count > spokenTokens {
            return "has \(voice.spokenTokens.count) tokens for T3 where 1 to \(spokenTokens) are expected"
        }
        if voice.promptTokens.isEmpty || voice.promptTokens.count > Self.mostPromptTokens
            || voice.promptMel.count != frames * ChatterboxVoice.melBands
        {
            return "has \(voice.promptTokens.count) tokens and a mel of \(voice.promptMel.count) for the flow"
        }
        let all = [voice.spokenTokens, voice.promptTokens].joined()
        if !all.allSatisfy({ (0..<tokens).contains($0) }) { return "has tokens outside 0..<\(tokens)" }
        let numbers = [voice.speaker, voice.promptMel, voice.speakerVector].joined()
        return numbers.allSatisfy(\.isFinite) ? nil : "has numbers that are not finite"
    }
}

// MARK: - conds.pt

extension ChatterboxVoice {
    /// The voice that torch.save wrote: `conds.pt` of a checkpoint, or one that was made with the official code.
    package init(torch path: String, for sizes: VoiceSizes = VoiceSizes()) throws(VoiceFileError) {
        try self.init(TorchFile(path: path), path: path, for: sizes)
    }

    init(_ file: TorchFile, path: String, for sizes: VoiceSizes) throws(VoiceFileError) {
        /// The numbers of a tensor of one voice, [1, …].
        func one<Number>(_ tensor: (shape: [Int], values: [Number]), _ name: String, rank: Int) throws(VoiceFileError)
            -> [Number]
        {
            guard tensor.shape.count == rank, tensor.shape[0] == 1 else {
                throw .badTensor(path: path, name: name, reason: "has the shape \(tensor.shape)")
            }
            return tensor.values
        }
        let mel = try file.floats("gen", "prompt_feat")
        guard mel.shape.last == Self.melBands else {
            throw .badTensor(path: path, name: "gen.prompt_feat", reason: "has the shape \(mel.shape)")
        }
        self.init(
            speaker: try one(file.floats("t3", "speaker_emb"), "t3.speaker_emb", rank: 2),
            spokenTokens: try one(
                file.integers("t3", "cond_prompt_speech_tokens"), "t3.cond_prompt_speech_tokens", rank: 2),
            promptTokens: try one(file.integers("gen", "prompt_token"), "gen.prompt_token", rank: 2),
            promptMel: try one(mel, "gen.prompt_feat", rank: 3),
            speakerVector: try one(file.floats("gen", "embedding"), "gen.embedding", rank: 2))
        if let fault = sizes.fault(in: self) { throw .badTensor(path: path, name: "of the voice", reason: fault) }
    }
}

// MARK: - Prepared

extension ChatterboxVoice {
    package static let engine = "chatterbox"
    /// The first bytes of a prepared voice: whose it is, and the version of its format.
    private static let mark = Array("chatterbox voice 1\n".utf8)

    /// Mark, then little-endian 32-bit numbers: how many there are and the numbers, of speaker, T3's tokens, the flow's tokens,
    /// mel and x-vector.
    package var prepared: PreparedVoice {
        var bytes = Self.mark
        func append(_ values: [UInt32]) {
            bytes.append(littleEndian: UInt32(values.count))
            for value in values { bytes.append(littleEndian: value) }
        }
        append(speaker.map(\.bitPattern))
        append(spokenTokens.map { UInt32($0) })
        append(promptTokens.map { UInt32($0) })
        append(promptMel.map(\.bitPattern))
        append(speakerVector.map(\.bitPattern))
        return PreparedVoice(engine: Self.engine, bytes: bytes)
    }

    /// The voice that was prepared for a model of these sizes; nil for any other, and for what is damaged.
    package init?(_ voice: PreparedVoice, for sizes: VoiceSizes = VoiceSizes()) {
        guard voice.engine == Self.engine, voice.bytes.starts(with: Self.mark) else { return nil }
        var reader = LittleEndianReader(voice.bytes, at: Self.mark.count, to: voice.bytes.count)
        guard let speaker = Self.floats(&reader), let spokenTokens = Self.numbers(&reader),
            let promptTokens = Self.numbers(&reader), let promptMel = Self.floats(&reader),
            let speakerVector = Self.floats(&reader), reader.rest == 0
        else { return nil }
        self.init(
            speaker: speaker, spokenTokens: spokenTokens, promptTokens: promptTokens, promptMel: promptMel,
            speakerVector: speakerVector)
        guard self.promptTokens.count == promptTokens.count, self.promptMel.count == promptMel.count,
            sizes.fault(in: self) == nil
        else { return nil }
    }

    private static func numbers(_ reader: inout LittleEndianReader) -> [Int]? {
        guard let count = reader.number(4), count <= reader.rest / 4 else { return nil }
        return (0..<count).compactMap { _ in reader.number(4) }
    }

    private static func floats(_ reader: inout LittleEndianReader) -> [Float]? {
        numbers(&reader)?.map { Float(bitPattern: UInt32($0)) }
    }
}
