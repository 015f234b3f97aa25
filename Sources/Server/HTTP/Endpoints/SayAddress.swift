// GET /api/v1/say?text=…: speech as an address that a media player opens.

import Audio
import NIOCore
import NIOHTTP1
import Speech

extension Router {
    package mutating func addSay(_ service: SpeechService) {
        on(.GET, "/api/v1/say", access: .player) { request in
            let answer = try SayAddress(request, service).answer(service)
            var response: Response
            if asksForMiddle(request) {
                response = .failure(
                    .rangeNotSatisfiable, "Speech is sent from its beginning, as it is made: ask without Range.",
                    field: "range")
            } else {
                response = try await request.head.method == .HEAD ? answer.heading() : answer.response()
            }
            response.headers.add(name: "accept-ranges", value: "none")
            // Not inside of a page of others either.
            response.headers.add(name: "content-security-policy", value: "frame-ancestors 'none'")
            return response
        }
    }
}

/// Players ask for the whole as a range from the first byte on, which may be answered with the whole. Speech cannot be made from
/// its middle.
private func asksForMiddle(_ request: Request) -> Bool {
    request.header("range").map { !$0.hasPrefix("bytes=0-") } ?? false
}

/// What an address wants spoken, checked.
private struct SayAddress {
    private let speech: SpeakRequest
    private let format: AudioFormat

    init(_ request: Request, _ service: SpeechService) throws(SpeakError) {
        let fields = try MessageFields(query: request.query, numbers: ["speed"])
        guard let text = try fields.string("text", limit: service.textLimit) else {
            throw SpeakError(.invalidText, "The address names no text: /api/v1/say?text=Hello.", field: "text")
        }
        var speech = SpeakRequest(text: text, client: request.client)
        speech.voice = OpenAIVoices.voice(try fields.string("voice", limit: 200), service)
        speech.language = try fields.string("language", limit: 40) ?? speech.language
        speech.speed = try fields.number("speed", TimeStretch.speeds)
        self.speech = speech
        format = try fields.choice("format") ?? .mp3
    }

    func answer(_ service: SpeechService) -> SpokenAnswer {
        SpokenAnswer(speech: speech, format: format, service: service)
    }
}
