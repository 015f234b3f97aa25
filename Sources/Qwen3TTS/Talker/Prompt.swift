// The talker's prompt: what is prefilled and what text is added frame by frame. `reference/README.md`, "Prompt".

package import Compute

/// What a prompt is made of. Token ids are those of the whole templates:
/// text `<|im_start|>assistant\n{text}<|im_end|>\n<|im_start|>assistant\n`, reference `<|im_start|>assistant\n{text}<|im_end|>\n`.
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
    /// `<|im_start|>user\n{instruction}<|im_end|>\n`.
    package var instructionIDs: [Int]?

    package init(textIDs: [Int], language: Int? = nil, speaker: Rows? = nil) {
        self.textIDs = textIDs
        self.language = language
        self.speaker = speaker
    }
}

package struct Prompt {
    package let embeddings: Rows  // [positions, hidden]
    package let trailing: Rows  // [n, hidden], added to the frames' inputs one by one
    package let padding: Rows  // [1, hidden], added when trailing is used up

    /// The role tokens in front of a text, and the template's tokens behind it.
    private static let role = 3
    private static let textTail = 5
    private static let referenceTail = 2

    package init(_ request: PromptRequest, _ talker: Talker, on processor: Processor) {
        let builder = Builder(talker: talker, processor: processor)
        let (tokens, special) = (talker.configuration.tokens, talker.configuration.textTokens)
        let marks = talker.text(
            [special.tts_bos_token_id, special.tts_eos_token_id, special.tts_pad_token_id], on: processor)
        let (bos, eos, pad) = (marks[0], marks[1], marks[2])
        let text = builder.text(request.textIDs.dropFirst(Self.role).dropLast(Self.textTail))
        let codecPad = builder.codec(tokens.codec_pad_id)
        let codecBos = builder.codec(tokens.codec_bos_id)

        var rows: [Rows] = request.instructionIDs.map { builder.text($0[...]) } ?? []
        rows += builder.text(request.textIDs.prefix(Self.role))
        let prefix = builder.prefix(language: request.language, speaker: request.speaker) + [codecPad]
        for (index, row) in prefix.enumerated() {
            rows.append(builder.sum(row, index == prefix.count - 1 ? bos : pad))
        }
        let trailing: [Rows]
        if let reference = request.reference {
            let words = builder.text(reference.ids.dropFirst(Self.role).dropLast(Self.referenceTail)) + text + [eos]
            let audio = [codecBos] + reference.codes.map(builder.frame)
            if request.nonStreaming {
                rows += words.map { builder.sum($0, codecPad) } + audio.map { builder.sum($0, pad) }
                trailing = [pad]
            } else {
                rows += audio.indices.map { builder.sum(audio[$0], $0 < words.count ? words[$0] : pad) }
                trailing = words.count > audio.count ? Array(words[audio.count...]) : [pad]
            }
        } else if request.nonStreaming {
            rows += (text + [eos]).map { builder.sum($0, codecPad) } + [builder.sum(pad, codecBos)]
            trailing = [pad]
        } else {
            rows.append(builder.sum(text.first ?? eos, codecBos))
            trailing = Array(text.dropFirst()) + [eos]
        }
        embeddings = builder.stack(rows)
        self.trailing = builder.stack(trailing)
        padding = pad
    }

    /// A prompt made elsewhere.
    package init(embeddings: Rows, trailing: Rows, padding: Rows) {
        self.embeddings = embeddings
        self.trailing = trailing
        self.padding = padding
    }

    /// The text embedding that is added when the text is used up [1, hidden].
    package static func padding(_ talker: Talker, on processor: Processor) -> Rows {
        talker.text([talker.configuration.textTokens.tts_pad_token_id], on: processor)
    }

    private struct Builder {
        let talker: Talker
        let processor: Processor

        func text(_ ids: ArraySlice<Int>) -> [Rows] {
            guard !ids.isEmpty else { return [] }
            let rows = talker.text(Array(ids), on: processor)
            return (0..<rows.rows).map { rows[$0] }
        }

        func codec(_ id: Int) -> Rows {
            let row = Rows(rows: 1, columns: talker.hidden)
            talker.codec(id, into: row)
            return row
        }

        func frame(_ codes: [Int]) -> Rows {
            let row = Rows(rows: 1, columns: talker.hidden)
            talker.frame(codes[...], into: row)
            return row
        }

        func prefix(language: Int?, speaker: Rows?) -> [Rows] {
            let tokens = talker.configuration.tokens
            let ids =
                language.map {
                    [tokens.codec_think_id, tokens.codec_think_bos_id, $0, tokens.codec_think_eos_id]
                } ?? [tokens.codec_nothink_id, tokens.codec_think_bos_id, tokens.codec_think_eos_id]
            return ids.map(codec) + (speaker.map { [$0] } ?? [])
        }

        func sum(_ a: Rows, _ b: Rows) -> Rows {
            let row = Rows(rows: 1, columns: talker.hidden)
            row.copy(from: a)
            processor.kernels.add(row, b)
            return row
        }

        func stack(_ rows: [Rows]) -> Rows {
            let all = Rows(rows: rows.count, columns: talker.hidden)
            for (index, row) in rows.enumerated() { all[index].copy(from: row) }
            return all
        }
    }
}
