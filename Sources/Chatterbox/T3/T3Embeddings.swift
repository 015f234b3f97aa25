// What goes into T3: speaker, prompt tokens, text, start token and speech tokens as rows, without positions.

package import Compute
import ModelFile

package struct T3Embeddings {
    private let speaker: Linear  // cond_enc.spkr_enc [hidden, speaker]
    private let text: Embedding  // text_emb [text vocabulary, hidden]
    private let speech: Embedding  // speech_emb [speech vocabulary, hidden]

    /// `weights` is the whole file.
    init(_ weights: Weights, _ c: T3Configuration) throws(ModelFileError) {
        let encoder = weights["cond_enc"]["spkr_enc"]
        _ = try encoder.tensor("bias", shape: [c.hidden])
        speaker = try Linear(encoder, rows: c.hidden, columns: c.speaker)
        text = try Embedding(weights["text_emb"], entries: c.textVocabulary, columns: c.hidden)
        speech = try Embedding(weights["speech_emb"], entries: c.speechVocabulary, columns: c.hidden)
    }

    /// Speaker and prompt tokens [1 + prompt tokens, hidden].
    package func voice(_ condition: T3Condition, on processor: Processor) throws(T3Error) -> Rows {
        guard condition.speaker.count == speaker.columns else {
            throw .speaker(elements: condition.speaker.count, expected: speaker.columns)
        }
        guard condition.speaker.allSatisfy(\.isFinite) else { throw .speakerNotFinite }
        for token in condition.promptTokens where !(0..<speech.entries).contains(token) {
            throw .promptToken(token, vocabulary: speech.entries)
        }
        let rows = Rows(rows: condition.rows, columns: speaker.rows)
        speaker.apply(Rows(condition.speaker, columns: speaker.columns), into: rows[0], on: processor)
        for (index, token) in condition.promptTokens.enumerated() { speech.lookUp(token, into: rows[1 + index]) }
        return rows
    }

    /// Text tokens, then the token that starts speech [ids.count + 1, hidden].
    package func text(_ ids: [Int]) throws(T3Error) -> Rows {
        guard !ids.isEmpty else { throw .noText }
        for id in ids where !(0..<text.entries).contains(id) { throw .textToken(id, vocabulary: text.entries) }
        let rows = Rows(rows: ids.count + 1, columns: speech.columns)
        for (index, id) in ids.enumerated() { text.lookUp(id, into: rows[index]) }
        speech.lookUp(SpeechTokens.start, into: rows[ids.count])
        return rows
    }

    /// y [1, hidden] = the embedding of a speech token.
    package func speech(_ token: Int, into y: Rows) { speech.lookUp(token, into: y) }
}
