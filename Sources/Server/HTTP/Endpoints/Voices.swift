// /api/v1/voices: the specification's §2.2, and what people do with their voices.

import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Speech

extension Router {
    package mutating func addVoices(_ service: SpeechService) {
        on(.GET, "/api/v1/voices") { _ in .json(["voices": service.offeredVoices.map(VoiceDescription.init)]) }
        on(.GET, "/api/v1/voices/:id") { request in
            .json(VoiceDescription(try service.offered(by: request)))
        }
        on(.POST, "/api/v1/voices") { request in
            let (voice, report) = try await service.addVoice(request, .own)
            let added = Added(voice: VoiceDescription(voice), report: report)
            var response = Response.json(added, .created)
            response.headers.add(name: "location", value: "/api/v1/voices/\(voice.id)")
            return response
        }
        on(.PATCH, "/api/v1/voices/:id") { request in
            let voice = try service.offered(by: request)
            let change = try VoiceChange(try await request.body.collect(limit: VoiceChange.limit))
            return .json(VoiceDescription(try await service.change(voice, change)))
        }
        on(.DELETE, "/api/v1/voices/:id") { request in
            try await service.removeVoice(request)
            return Response(.noContent)
        }
    }
}

/// A voice as JSON.
private struct VoiceDescription: Encodable {
    var id, name, language, description: String
    var isDefault: Bool
    /// "x-vector", "icl", or "preset" for a voice of the checkpoint.
    var mode: String
    var isBuiltIn: Bool
    var synthetic: Bool?
    var consent, source, license: String?
    var gain, speed: Double?

    init(_ voice: OfferedVoice) {
        let metadata = voice.stored?.metadata
        let language = metadata?.language ?? "auto"
        id = voice.id
        name = voice.name
        self.language = language.prefix(1).uppercased() + language.dropFirst()
        description = metadata?.description ?? "A speaker of the model itself."
        isDefault = voice.isDefault
        mode = metadata?.mode.rawValue ?? "preset"
        isBuiltIn = voice.stored?.isBuiltIn ?? true
        synthetic = metadata?.synthetic
        consent = metadata?.consent
        source = metadata?.source
        license = metadata?.license
        gain = metadata?.gain
        speed = metadata?.speed
    }
}

private struct Added: Encodable {
    var voice: VoiceDescription
    var report: ClipReport
}

/// What is to be changed of a voice.
private struct VoiceChange {
    /// Bytes of a body: a name of any script, escaped, and more than enough beside it.
    static let limit = 16_384

    var name: String?
    var becomesDefault: Bool

    init(_ body: ByteBuffer) throws(SpeakError) {
        guard let fields = MessageFields(bytes: Array(body.readableBytesView)) else {
            throw SpeakError(.invalidText, "The body is no JSON object. Send {\"name\": \"how it is to be called\"}.")
        }
        name = try fields.string("name", limit: Self.limit)
        let isDefault = try fields.flag("isDefault")
        guard isDefault != false else {
            throw SpeakError(
                .invalidText, "isDefault can only become true: make another voice the default instead.",
                field: "isDefault")
        }
        becomesDefault = isDefault ?? false
        guard name != nil || becomesDefault else {
            throw SpeakError(.invalidText, "Nothing is to be changed: send name, isDefault or both.", field: "name")
        }
    }
}

// MARK: - Changes

extension SpeechService {
    /// The voice that the path names.
    fileprivate func offered(by request: Request) throws(SpeakError) -> OfferedVoice {
        let name = request.parameters["id"] ?? ""
        guard let voice = offeredVoice(named: name) else {
            throw SpeakError(.voiceNotFound, "There is no voice \(name.prefix(80)).", field: "id")
        }
        return voice
    }

    /// Makes a voice of an uploaded form.
    func addVoice(_ request: Request, _ shape: VoiceForm.Shape) async throws -> (OfferedVoice, ClipReport) {
        let (recording, proposal) = try await VoiceForm.read(request, shape, limit: settings.uploadLimit)
        let store = voices.store
        // Decoding, and waiting for the disk, would hold up the few threads that serve everybody.
        let (voice, report) = try await NIOThreadPool.singleton.runIfActive {
            try store.add(recording.clip(), proposal)
        }
        let id = voice.metadata.id
        logger.notice("voice added", metadata: ["voice": "\(id)"])
        // The answer does not wait for it.
        Task { await prepare(id) }
        return (OfferedVoice(voice, defaultVoice: defaultVoice), report)
    }

    fileprivate func change(_ voice: OfferedVoice, _ change: VoiceChange) async throws -> OfferedVoice {
        let store = voices.store
        try await NIOThreadPool.singleton.runIfActive {
            if let name = change.name {
                guard voice.stored != nil else { throw VoiceError.builtIn(voice.id) }
                try store.rename(voice.id, to: name)
            }
            if change.becomesDefault { try store.choose(voice.id) }
        }
        logger.notice(
            "voice changed",
            metadata: [
                "voice": "\(voice.id)", "renamed": "\(change.name != nil)", "default": "\(change.becomesDefault)",
            ])
        if change.becomesDefault { Task { await prepare(voice.id) } }
        return offeredVoice(named: voice.id) ?? voice
    }

    /// Removes the voice that the path names, and returns its id.
    @discardableResult
    func removeVoice(_ request: Request) async throws -> String {
        let store = voices.store
        let name = request.parameters["id"] ?? ""
        let id = try await NIOThreadPool.singleton.runIfActive {
            let id = try store.find(named: name).metadata.id
            try store.remove(id)
            return id
        }
        await voices.forget(id)
        logger.notice("voice removed", metadata: ["voice": "\(id)"])
        return id
    }
}

// MARK: - Errors

extension VoiceError {
    var httpStatus: HTTPResponseStatus {
        switch self {
        case .notFound, .badID: .notFound
        case .exists, .nameTaken, .isDefault, .full: .conflict
        case .builtIn: .forbidden
        case .unusableClip: .unprocessableEntity
        case .noConsent, .badField: .badRequest
        case .unreadable, .misnamed, .loose, .cannotWrite: .internalServerError
        }
    }
}

extension Response {
    package static func voiceError(_ error: VoiceError) -> Response {
        switch error {
        case .notFound, .badID: .error(SpeakError(.voiceNotFound, error.description, field: error.field))
        case .unusableClip(let report): .json(UnusableClip(report, field: error.field), error.httpStatus)
        default: .failure(error.httpStatus, error.description, field: error.field)
        }
    }
}

private struct UnusableClip: Encodable {
    var error: HTTPErrorBody.Detail
    var report: ClipReport

    init(_ report: ClipReport, field: String?) {
        error = .init(code: "UNUSABLE_CLIP", message: report.description, field: field)
        self.report = report
    }
}
