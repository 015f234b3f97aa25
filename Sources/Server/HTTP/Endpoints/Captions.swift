// POST /v1/audio/captions: when each sentence of a text is said, as subtitles. It takes what /v1/audio/speech takes; with the
// same seed they belong to the same sound.

import FoundationEssentials
import JSONText
import NIOCore
import NIOHTTP1
import Speech

extension Router {
    package mutating func addCaptions(_ service: SpeechService) {
        on(.POST, "/v1/audio/captions") { request in
            do throws(OpenAIError) {
                let wanted = try await OpenAISpeechRequest(request, service, asCaptions: true)
                return try await captions(wanted, service)
            } catch {
                return .openAIError(error)
            }
        }
    }
}

private func captions(_ wanted: OpenAISpeechRequest, _ service: SpeechService) async throws(OpenAIError) -> Response {
    do throws(SpeakError) {
        let stream = try await service.speak(wanted.speech)
        var sentences: [SentenceMessage] = []
        for await event in stream {
            switch event {
            case .sentence(let sentence): sentences.append(SentenceMessage(sentence, speed: stream.speed))
            case .failed(let error): throw error
            case .frame, .starved, .buffering, .ended: break
            }
        }
        let captions = Captions(wanted.speech.text, sentences)
        let format = wanted.captions ?? .srt
        return Response(
            headers: ["content-type": format.mediaType, "cache-control": "no-store"],
            body: .bytes(ByteBuffer(string: captions.text(format))))
    } catch {
        throw OpenAIError(error)
    }
}

enum CaptionFormat: String, CaseIterable {
    case srt, vtt, json

    fileprivate var mediaType: String {
        switch self {
        case .srt: "application/x-subrip"
        case .vtt: "text/vtt"
        case .json: "application/json"
        }
    }
}

/// The sentences of a text and when they are said.
struct Captions {
    /// Letters of a line of subtitles: two lines of 42, as broadcasters have them.
    private static let lineLength = 84

    private let scalars: [Unicode.Scalar]
    private let sentences: [SentenceMessage]

    init(_ text: String, _ sentences: [SentenceMessage]) {
        scalars = Array(text.unicodeScalars)
        self.sentences = sentences
    }

    func text(_ format: CaptionFormat) -> String {
        switch format {
        case .srt:
            cues.enumerated().map { index, cue in
                "\(index + 1)\n\(time(cue.startMs, ",")) --> \(time(cue.endMs, ","))\n\(cue.text)\n\n"
            }.joined()
        case .vtt:
            "WEBVTT\n\n"
                + cues.map { "\(time($0.startMs, ".")) --> \(time($0.endMs, "."))\n\(escaped($0.text))\n\n" }.joined()
        case .json:
            JSON.encode(Document(sentences: sentences.map { Document.Sentence(text: text($0.start..<$0.end), $0) }))
        }
    }

    private struct Document: Encodable {
        struct Sentence: Encodable {
            var text: String
            var start, end, startMs, endMs: Int
            var estimatedWords: [SentenceMessage.Word]

            init(text: String, _ sentence: SentenceMessage) {
                self.text = text
                (start, end) = (sentence.start, sentence.end)
                (startMs, endMs) = (sentence.startMs, sentence.endMs)
                estimatedWords = sentence.estimatedWords
            }
        }
        var sentences: [Sentence]
    }

    // MARK: Subtitles

    private struct Cue {
        var start: Int
        var end: Int
        var startMs: Int
        var endMs: Int
        var text = ""
    }

    /// A sentence each, or parts of one that is too long to be read at a glance.
    private var cues: [Cue] {
        sentences.flatMap(parts).map { cue in
            var cue = cue
            cue.text = text(cue.start..<cue.end).split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return cue
        }
    }

    private func parts(of sentence: SentenceMessage) -> [Cue] {
        let whole = Cue(start: sentence.start, end: sentence.end, startMs: sentence.startMs, endMs: sentence.endMs)
        guard sentence.end - sentence.start > Self.lineLength else { return [whole] }
        var parts: [Cue] = []
        for word in sentence.estimatedWords {
            if let last = parts.last, word.end - last.start <= Self.lineLength {
                parts[parts.count - 1].end = word.end
                parts[parts.count - 1].endMs = word.endMs
            } else {
                parts.append(Cue(start: word.start, end: word.end, startMs: word.startMs, endMs: word.endMs))
            }
        }
        return parts.isEmpty ? [whole] : parts
    }

    private func text(_ range: Range<Int>) -> String {
        String(scalars: scalars[range.clamped(to: 0..<scalars.count)])
    }

    /// What WebVTT takes for tags and characters of its own.
    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private func time(_ milliseconds: Int, _ separator: String) -> String {
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let seconds = milliseconds / 1000
        return [digits(seconds / 3600, 2), digits(seconds / 60 % 60, 2), digits(seconds % 60, 2)].joined(separator: ":")
            + separator + digits(milliseconds % 1000, 3)
    }
}
