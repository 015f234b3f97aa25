// /api/v1/voices: the specification's §2.2.

import Audio
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Speech

extension Router {
    package mutating func addVoices(_ service: SpeechService, uploadLimit: Int) {
        on(.GET, "/api/v1/voices") { _ in .json(VoiceList(service)) }
        on(.GET, "/api/v1/voices/:id") { request in
            let id = request.parameters["id"] ?? ""
            guard let voice = VoiceList(service).voices.first(where: { $0.id == id }) else {
                return .error(SpeakError(.voiceNotFound, "There is no voice \(id.prefix(80)).", field: "id"))
            }
            return .json(voice)
        }
        on(.POST, "/api/v1/voices") { request in
            do { return try await upload(request, service, limit: uploadLimit) } catch let error as VoiceError {
                return .voiceError(error)
            }
        }
        on(.DELETE, "/api/v1/voices/:id") { request in
            let id = request.parameters["id"] ?? ""
            let store = service.voices.store
            do { try await NIOThreadPool.singleton.runIfActive { try store.remove(id) } } catch let error as VoiceError
            {
                return .voiceError(error)
            }
            await service.voices.forget(id)
            return Response(.noContent)
        }
    }
}

private struct VoiceList: Encodable {
    var voices: [Voice]

    struct Voice: Encodable {
        var id, name, language, description: String
        var isDefault: Bool
        /// "x-vector", "icl", or "preset" for a voice of the checkpoint.
        var mode: String
        var isBuiltIn: Bool
        var synthetic: Bool?
        var consent, source, license: String?
        var gain, speed: Double?

        init(_ voice: StoredVoice, defaultVoice: String) {
            let metadata = voice.metadata
            id = metadata.id
            name = metadata.name
            language = metadata.language.prefix(1).uppercased() + metadata.language.dropFirst()
            description = metadata.description
            isDefault = metadata.id == defaultVoice
            mode = metadata.mode.rawValue
            isBuiltIn = voice.isBuiltIn
            synthetic = metadata.synthetic
            consent = metadata.consent
            source = metadata.source
            license = metadata.license
            gain = metadata.gain
            speed = metadata.speed
        }

        init(speaker: String, defaultVoice: String) {
            id = speaker.lowercased()
            name = speaker
            language = "Auto"
            description = "A speaker of the model itself."
            isDefault = id == defaultVoice.lowercased()
            mode = "preset"
            isBuiltIn = true
        }
    }

    init(_ service: SpeechService) {
        let defaultVoice = service.defaultVoice
        let model = service.information
        let stored = (model?.clones ?? true) ? service.voices.store.list().voices : []
        voices = stored.map { Voice($0, defaultVoice: defaultVoice) }
        voices += (model?.speakers ?? []).map { Voice(speaker: $0, defaultVoice: defaultVoice) }
    }
}

// MARK: - Upload

private struct Added: Encodable {
    var voice: VoiceList.Voice
    var report: ClipReport
}

private func upload(_ request: Request, _ service: SpeechService, limit: Int) async throws -> Response {
    guard let boundary = request.header("content-type").flatMap(MultipartParser.boundary) else {
        throw HTTPFailure(.unsupportedMediaType, "Send a form: multipart/form-data with audio, name and consent.")
    }
    if let length = request.header("content-length").flatMap({ Int($0) }), length > limit {
        throw HTTPFailure(.payloadTooLarge, "The upload has \(length) bytes; the limit is \(limit).")
    }
    var form = try VoiceForm(boundary: boundary, limit: limit)
    defer { withExtendedLifetime(form) {} }
    while let piece = try await request.body.next() { try form.take(piece) }
    let (path, proposal) = try form.finish()
    let store = service.voices.store
    // Decoding, and waiting for the disk, would hold up the few threads that serve everybody.
    let (voice, report) = try await NIOThreadPool.singleton.runIfActive {
        try store.add(readUpload(path), proposal)
    }
    service.logger.notice("voice added", metadata: ["voice": "\(voice.metadata.id)"])
    // The answer does not wait for it.
    Task { await service.prepare(voice.metadata.id) }
    let added = Added(voice: .init(voice, defaultVoice: service.defaultVoice), report: report)
    var response = Response.json(added, .created)
    response.headers.add(name: "location", value: "/api/v1/voices/\(voice.metadata.id)")
    return response
}

/// No more of an upload is decoded than it takes to say that it is too long: a few megabytes of Opus can be hours.
private let longestUpload = 60.0  // seconds

private func readUpload(_ path: String) throws(VoiceError) -> AudioClip {
    do { return try AudioFile.read(path: path, longest: longestUpload) } catch {
        throw .badField("audio", error.description.replacing("'\(path)'", with: "the upload"))
    }
}

/// The fields of an upload as they arrive: the audio goes to a file at once, the rest is short.
private struct VoiceForm {
    private static let fieldLimit = 4_096
    private static let fields = ["name", "id", "language", "description", "transcript", "consent"]

    private var parser: MultipartParser
    private let limit: Int
    private let file: TemporaryFile
    private var received = 0
    private var hasAudio = false
    private var current: String?
    private var values: [String: [UInt8]] = [:]

    init(boundary: String, limit: Int) throws(VoiceError) {
        parser = MultipartParser(boundary: boundary)
        self.limit = limit
        file = try TemporaryFile()
    }

    mutating func take(_ piece: ByteBuffer) throws {
        received += piece.readableBytes
        guard received <= limit else {
            throw HTTPFailure(
                .payloadTooLarge, "The upload is longer than \(limit) bytes. A clip of 30 seconds is shorter.")
        }
        var events: [MultipartParser.Event] = []
        do { try parser.feed(piece) { events.append($0) } } catch let error as MultipartParser.Malformed {
            throw HTTPFailure(.badRequest, "The form cannot be read: \(error.reason).")
        }
        for event in events { try take(event) }
    }

    private mutating func take(_ event: MultipartParser.Event) throws {
        switch event {
        case .part(let name, _):
            // The client's file name is of no use here, and is not looked at.
            guard name == "audio" || Self.fields.contains(name) else {
                let known = (["audio"] + Self.fields).joined(separator: ", ")
                throw VoiceError.badField(String(name.prefix(80)), "the form has no such field. It has: \(known).")
            }
            guard name == "audio" ? !hasAudio : values[name] == nil else {
                throw VoiceError.badField(name, "it came twice.")
            }
            if name == "audio" { hasAudio = true } else { values[name] = [] }
            current = name
        case .data(let bytes):
            guard let current else { return }
            guard current != "audio" else { return try file.write(bytes) }
            values[current, default: []] += bytes.readableBytesView
            guard values[current, default: []].count <= Self.fieldLimit else {
                throw VoiceError.badField(current, "it is longer than \(Self.fieldLimit) bytes.")
            }
        case .partEnd: current = nil
        case .end: break
        }
    }

    /// The path of the recording, which is there as long as this value, and what was said about it.
    func finish() throws -> (path: String, VoiceProposal) {
        guard parser.isComplete else {
            throw HTTPFailure(.badRequest, "The form is cut off: its last boundary is missing.")
        }
        guard hasAudio else { throw VoiceError.badField("audio", "the form has no recording.") }
        func text(_ name: String) throws(VoiceError) -> String? {
            guard let bytes = values[name], !bytes.isEmpty else { return nil }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badField(name, "it is not UTF-8 text.")
            }
            return text
        }
        let proposal = VoiceProposal(
            name: try text("name") ?? "", id: try text("id"), language: try text("language") ?? "auto",
            description: try text("description") ?? "", transcript: try text("transcript") ?? "",
            consent: try text("consent") ?? "")
        return (file.path, proposal)
    }
}

extension Response {
    package static func voiceError(_ error: VoiceError) -> Response {
        switch error {
        case .notFound, .badID: .error(SpeakError(.voiceNotFound, error.description, field: "id"))
        case .exists, .isDefault, .full: .failure(.conflict, error.description)
        case .builtIn: .failure(.forbidden, error.description)
        case .unusableClip(let report): .json(UnusableClip(report), .unprocessableEntity)
        case .noConsent, .badField: .failure(.badRequest, error.description)
        case .unreadable, .misnamed, .loose, .cannotWrite: .failure(.internalServerError, error.description)
        }
    }
}

private struct UnusableClip: Encodable {
    var error: HTTPErrorBody.Detail
    var report: ClipReport

    init(_ report: ClipReport) {
        error = .init(code: "UNUSABLE_CLIP", message: report.description)
        self.report = report
    }
}
