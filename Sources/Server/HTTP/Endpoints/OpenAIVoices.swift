// /v1/audio/voices: voices in the shape of OpenAI's custom voices; and what its own names of voices mean here.

import FoundationEssentials
import NIOCore
import NIOHTTP1

extension Router {
    package mutating func addOpenAIVoices(_ service: SpeechService) {
        on(.GET, "/v1/audio/voices") { _ in .json(OpenAIVoiceList(service.offeredVoices.map(OpenAIVoice.init))) }
        on(.GET, "/v1/audio/voices/:id") { request in
            let id = request.parameters["id"] ?? ""
            guard let voice = service.offeredVoice(named: id) else {
                let error = SpeakError(.voiceNotFound, "There is no voice \(id.prefix(80)).", field: "voice_id")
                return .openAIError(OpenAIError(error))
            }
            return .json(OpenAIVoice(voice))
        }
        on(.POST, "/v1/audio/voices") { request in
            try await openAI { .json(OpenAIVoice(try await service.addVoice(request, .openAI).0)) }
        }
        on(.DELETE, "/v1/audio/voices/:id") { request in
            try await openAI { .json(OpenAIDeletedVoice(id: try await service.removeVoice(request))) }
        }
    }
}

extension VoiceForm.Shape {
    static let openAI = VoiceForm.Shape(audio: "audio_sample", texts: ["name", "consent"])
}

/// What goes wrong with a voice, in the shape of this interface.
private func openAI(_ answer: () async throws -> Response) async throws -> Response {
    do { return try await answer() } catch let error as VoiceError {
        return .openAIError(OpenAIError(error.httpStatus, error.description, param: error.parameter))
    } catch let error as HTTPFailure {
        return .openAIError(OpenAIError(error.status, error.message, param: error.field))
    }
}

extension VoiceError {
    /// What this interface calls the field that was wrong.
    fileprivate var parameter: String? {
        switch field {
        case "audio": "audio_sample"
        case "id": "voice_id"
        case let other: other
        }
    }
}

private struct OpenAIVoice: Encodable {
    var object = "audio.voice"
    var id, name: String
    /// Unix time; 0 for a speaker of the model itself.
    var created_at: Int

    init(_ voice: OfferedVoice) {
        id = voice.id
        name = voice.name
        created_at = voice.stored?.createdAt ?? 0
    }
}

private struct OpenAIVoiceList: Encodable {
    var object = "list"
    var data: [OpenAIVoice]
    var first_id, last_id: String?
    var has_more = false
    /// The same where Open WebUI looks for them.
    var voices: [OpenAIVoice]

    init(_ voices: [OpenAIVoice]) {
        data = voices
        self.voices = voices
        first_id = voices.first?.id
        last_id = voices.last?.id
    }
}

private struct OpenAIDeletedVoice: Encodable {
    var object = "audio.voice"
    var id: String
    var deleted = true
}

enum OpenAIVoices {
    /// OpenAI's voices, which clients ask for when nobody chose one. They are spread over the voices there are.
    private static let standard = [
        "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
    ]
    /// Names that mean the default voice.
    private static let defaults: Set = ["marin", "cedar", "default"]

    /// The voice that a request names; nil for the default one. A voice of ours that has one of OpenAI's names is meant itself.
    static func voice(_ name: String?, _ service: SpeechService) -> String? {
        guard let name, service.voice(named: name) == nil else { return name }
        let wanted = name.lowercased()
        guard let place = standard.firstIndex(of: wanted) else { return defaults.contains(wanted) ? nil : name }
        // As they are listed, the default first, and from the beginning again where there are fewer.
        let voices = service.offeredVoices
        return voices.isEmpty ? nil : voices[place % voices.count].id
    }
}
