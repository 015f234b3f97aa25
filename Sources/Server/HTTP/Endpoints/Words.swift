// /api/v1/words: what will be said of a text, without saying it.

import NIOCore
import NIOHTTP1
import Speech

extension Router {
    package mutating func addWords(_ service: SpeechService) {
        on(.POST, "/api/v1/words") { request in
            let body = try await request.body.collect(limit: service.jsonLimit)
            do throws(SpeakError) {
                try service.limit(request.client)
                return .json(try Words(WordsRequest(Array(body.readableBytesView), service), service))
            } catch {
                return .error(error)
            }
        }
    }
}

/// A text, and how it would be spoken.
private struct WordsRequest {
    var text: String
    var language: String?
    var voice: String?
    var format: TextFormat?
    var normalizes: Bool

    init(_ body: [UInt8], _ service: SpeechService) throws(SpeakError) {
        guard let fields = MessageFields(bytes: body) else {
            throw SpeakError(.invalidText, "The body is no JSON object. Send {\"text\": \"what to say\"}.")
        }
        guard let text = try fields.string("text", limit: service.textLimit) else {
            throw SpeakError(.invalidText, "The field text is missing.", field: "text")
        }
        self.text = text
        language = try fields.string("language", limit: 40)
        voice = try fields.string("voice", limit: 200)
        format = try fields.choice("textFormat")
        normalizes = try fields.flag("normalize") ?? true
    }
}

private struct Words: Encodable {
    /// Words with where in the text they come from, in Unicode scalars; or a pause.
    struct Step: Encodable {
        var text: String?
        var language: String?
        var rate: Double?
        var start: Int?
        var end: Int?
        var pauseMs: Int?

        init(_ step: SpeechScript.Step) {
            switch step {
            case .pause(let length): pauseMs = length.milliseconds
            case .text(let passage):
                text = passage.words.text
                language = passage.language
                rate = passage.rate == 1 ? nil : passage.rate
                start = passage.words.original.lowerBound
                end = passage.words.original.upperBound
            }
        }
    }

    var text: String
    /// "auto": each step says its own.
    var language: String
    var textFormat: String
    var steps: [Step]

    init(_ request: WordsRequest, _ service: SpeechService) throws(SpeakError) {
        if let voice = request.voice, service.voice(named: voice) == nil {
            throw SpeakError(.voiceNotFound, "There is no voice \(voice.prefix(80)).", field: "voice")
        }
        let format = request.format ?? TextFormat(of: request.text)
        language = try service.language(requested: request.language, voice: request.voice)
        let script = service.script(
            request.text, format: format, language: language, normalizes: request.normalizes)
        text = script.text
        textFormat = format.rawValue
        steps = script.steps.map(Step.init)
    }
}
