// A recording and what is said about it, as a form that is read while it comes.

import Audio
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Speech

/// The fields of an upload as they arrive: the audio goes to a file at once, the rest is short.
struct VoiceForm {
    /// The names of a form's fields.
    struct Shape: Sendable {
        var audio: String
        var texts: [String]

        static let own = Shape(
            audio: "audio", texts: ["name", "id", "language", "description", "transcript", "consent"])
    }

    private static let fieldLimit = 4_096  // bytes

    private let shape: Shape
    private var parser: MultipartParser
    private let limit: Int
    private let file: TemporaryFile
    private var received = 0
    private var hasAudio = false
    private var current: String?
    private var values: [String: [UInt8]] = [:]

    /// Reads all of a request's form.
    static func read(
        _ request: Request, _ shape: Shape, limit: Int
    ) async throws -> (UploadedRecording, VoiceProposal) {
        guard let boundary = request.header("content-type").flatMap(MultipartParser.boundary) else {
            throw HTTPFailure(
                .unsupportedMediaType, "Send a form: multipart/form-data with \(shape.audio), name and consent.")
        }
        if let length = request.header("content-length").flatMap({ Int($0) }), length > limit {
            throw HTTPFailure(
                .payloadTooLarge, "The upload has \(length) bytes; the limit is \(limit).", field: shape.audio)
        }
        var form = try VoiceForm(shape, boundary: boundary, limit: limit)
        while let piece = try await request.body.next() { try form.take(piece) }
        return (UploadedRecording(file: form.file, field: shape.audio), try form.proposal())
    }

    private init(_ shape: Shape, boundary: String, limit: Int) throws(VoiceError) {
        self.shape = shape
        parser = MultipartParser(boundary: boundary)
        self.limit = limit
        file = try TemporaryFile()
    }

    private mutating func take(_ piece: ByteBuffer) throws {
        received += piece.readableBytes
        guard received <= limit else {
            throw HTTPFailure(
                .payloadTooLarge,
                "The upload is longer than \(limit) bytes. A clip of \(Int(ClipLength.allowed.upperBound)) s is shorter.",
                field: shape.audio)
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
            guard name == shape.audio || shape.texts.contains(name) else {
                let known = ([shape.audio] + shape.texts).joined(separator: ", ")
                throw VoiceError.badField(String(name.prefix(80)), "the form has no such field. It has: \(known).")
            }
            guard name == shape.audio ? !hasAudio : values[name] == nil else {
                throw VoiceError.badField(name, "it came twice.")
            }
            if name == shape.audio { hasAudio = true } else { values[name] = [] }
            current = name
        case .data(let bytes):
            guard let current else { return }
            guard current != shape.audio else { return try file.write(bytes) }
            values[current, default: []] += bytes.readableBytesView
            guard values[current, default: []].count <= Self.fieldLimit else {
                throw VoiceError.badField(current, "it is longer than \(Self.fieldLimit) bytes.")
            }
        case .partEnd: current = nil
        case .end: break
        }
    }

    /// What was said about the recording.
    private func proposal() throws -> VoiceProposal {
        guard parser.isComplete else {
            throw HTTPFailure(.badRequest, "The form is cut off: its last boundary is missing.")
        }
        guard hasAudio else { throw VoiceError.badField(shape.audio, "the form has no recording.") }
        return VoiceProposal(
            name: try text("name") ?? "", id: try text("id"), language: try text("language") ?? "auto",
            description: try text("description") ?? "", transcript: try text("transcript") ?? "",
            consent: try text("consent") ?? "")
    }

    private func text(_ name: String) throws(VoiceError) -> String? {
        guard let bytes = values[name], !bytes.isEmpty else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .badField(name, "it is not UTF-8 text.")
        }
        return text
    }
}

/// A recording as it came, in a file that goes with this value.
struct UploadedRecording: Sendable {
    fileprivate let file: TemporaryFile
    /// The field of the form that it came in.
    fileprivate let field: String

    /// No more is decoded than it takes to say that it is too long: a few megabytes of Opus can be hours.
    func clip() throws(VoiceError) -> AudioClip {
        do { return try AudioFile.read(path: file.path, longest: StoredVoice.longestClip) } catch {
            throw .badField(field, error.description.replacing("'\(file.path)'", with: "the upload"))
        }
    }
}
