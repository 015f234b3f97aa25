// The talker's prompt: what is prefilled and what text is added frame by frame. `docs/model.md`, "Prompt".

package import Compute

/// What a prompt is made of. Token ids are those of the whole templates, see `Template`.
package struct PromptRequest {
    package var textIDs: [Int]
    /// A codec id of the configuration's language table; nil lets the model decide.
    package var language: Int?
    /// x-vector [1, hidden], or the codec embedding of a preset speaker.
    package var speaker: Rows?
    /// Reference codes (one row of 16 per frame) with the ids of their transcript's template.
    package var reference: (ids: [Int], codes: [[Int]])?
    /// The whole text in the prompt, rather than one token per frame.
    package var nonStreaming = false
    /// More text follows, so its end is not marked; only with one token per frame and without a reference.
    package var isOpen = false
    package var instructionIDs: [Int]?

    package init(textIDs: [Int], language: Int? = nil, speaker: Rows? = nil) {
        self.textIDs = textIDs
        self.language = language
        self.speaker = speaker
    }
}

/// The chat templates around texts, and what of their tokens belongs to the role and not to the text.
package enum Template {
    package static func text(_ text: String) -> String {
        "<|im_start|>assistant\n\(text)<|im_end|>\n<|im_start|>assistant\n"
    }
    package static func reference(_ text: String) -> String { "<|im_start|>assistant\n\(text)<|im_end|>\n" }
    package static func instruction(_ text: String) -> String { "<|im_start|>user\n\(text)<|im_end|>\n" }

    static let role = 3
    static let textTail = 5
    static let referenceTail = 2
}

package struct Prompt {
    package let embeddings: Rows  // [positions, hidden]
    package let trailing: Rows  // [n, hidden], added to the frames' inputs one by one
    package let padding: Rows  // [1, hidden], added when trailing is used up
    /// This many positions in front are the same for every text of the same voice, language and instruction; not all.
    package let constant: Int

    package init(_ request: PromptRequest, _ embeddings: TalkerEmbeddings, on processor: Processor) {
        precondition(!request.isOpen || (request.reference == nil && !request.nonStreaming))
        let builder = Builder(request, embeddings, processor)
        let codecPad = embeddings.codec(embeddings.configuration.tokens.codec_pad_id)
        let codecBos = embeddings.codec(embeddings.configuration.tokens.codec_bos_id)
        var rows = builder.instruction + builder.role
        let prefix = builder.prefix(language: request.language, speaker: request.speaker) + [codecPad]
        for (index, row) in prefix.enumerated() {
            rows.append(builder.sum(row, index == prefix.count - 1 ? builder.bos : builder.pad))
        }
        let text = builder.text + (request.isOpen ? [] : [builder.eos])
        var constant = rows.count
        var trailing = [builder.pad]
        if let reference = request.reference {
            let words = builder.reference + text
            let audio = [codecBos] + reference.codes.map(builder.frame)
            if request.nonStreaming {
                rows += words.map { builder.sum($0, codecPad) } + audio.map { builder.sum($0, builder.pad) }
                constant += builder.reference.count
            } else {
                rows += audio.indices.map { builder.sum(audio[$0], $0 < words.count ? words[$0] : builder.pad) }
                if words.count > audio.count { trailing = Array(words[audio.count...]) }
                constant += min(builder.reference.count, audio.count)
            }
        } else if request.nonStreaming {
            rows += text.map { builder.sum($0, codecPad) } + [builder.sum(builder.pad, codecBos)]
        } else {
            rows.append(builder.sum(text[0], codecBos))
            trailing = Array(text.dropFirst())
        }
        self.embeddings = builder.stack(rows)
        self.trailing = builder.stack(trailing)
        padding = builder.pad
        self.constant = min(constant, rows.count - 1)
    }

    /// A prompt made elsewhere.
    package init(embeddings: Rows, trailing: Rows, padding: Rows) {
        self.embeddings = embeddings
        self.trailing = trailing
        self.padding = padding
        constant = 0
    }

    /// The text embedding that is added when the text is used up [1, hidden].
    package static func padding(_ embeddings: TalkerEmbeddings, on processor: Processor) -> Rows {
        embeddings.text([embeddings.configuration.textTokens.tts_pad_token_id], on: processor)
    }
}

/// The parts of a prompt. All its text goes through the projection at once.
private struct Builder {
    let embeddings: TalkerEmbeddings
    let processor: Processor
    let bos, eos, pad: Rows  // [1, hidden]
    let instruction, role, text, reference: [Rows]  // [1, hidden] each

    init(_ request: PromptRequest, _ embeddings: TalkerEmbeddings, _ processor: Processor) {
        self.embeddings = embeddings
        self.processor = processor
        let special = embeddings.configuration.textTokens
        let parts = [
            [special.tts_bos_token_id, special.tts_eos_token_id, special.tts_pad_token_id],
            request.instructionIDs ?? [],
            Array(request.textIDs.prefix(Template.role)),
            Array(request.textIDs.dropFirst(Template.role).dropLast(Template.textTail)),
            Array((request.reference?.ids ?? []).dropFirst(Template.role).dropLast(Template.referenceTail)),
        ]
        let projected = embeddings.text(parts.flatMap { $0 }, on: processor)
        var start = 0
        let rows = parts.map { part in
            defer { start += part.count }
            return (start..<start + part.count).map { projected[$0] }
        }
        (bos, eos, pad) = (rows[0][0], rows[0][1], rows[0][2])
        (instruction, role, text, reference) = (rows[1], rows[2], rows[3], rows[4])
    }

    func frame(_ codes: [Int]) -> Rows {
        let row = Rows(rows: 1, columns: embeddings.hidden)
        embeddings.frame(codes[...], into: row)
        return row
    }

    func prefix(language: Int?, speaker: Rows?) -> [Rows] {
        let tokens = embeddings.configuration.tokens
        let ids =
            language.map {
                [tokens.codec_think_id, tokens.codec_think_bos_id, $0, tokens.codec_think_eos_id]
            } ?? [tokens.codec_nothink_id, tokens.codec_think_bos_id, tokens.codec_think_eos_id]
        return ids.map { embeddings.codec($0) } + (speaker.map { [$0] } ?? [])
    }

    func sum(_ a: Rows, _ b: Rows) -> Rows {
        let row = Rows(rows: 1, columns: embeddings.hidden)
        row.copy(from: a)
        processor.kernels.add(row, b)
        return row
    }

    func stack(_ rows: [Rows]) -> Rows {
        let all = Rows(rows: rows.count, columns: embeddings.hidden)
        for (index, row) in rows.enumerated() { all[index].copy(from: row) }
        return all
    }
}
