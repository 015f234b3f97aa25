import AsyncHTTPClient
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import Server
import Speech

/// What is to be said, and how.
struct Saying: Sendable {
    var text: String
    var voice: String?
    var speed: Double?
    var language: String?
}

/// What became of it.
struct Spoken: Sendable, CustomStringConvertible {
    var seconds: Double
    var reason: FinishReason

    var description: String { "\(seconds) s" + (reason.remark.map { ". \($0)" } ?? "") }
}

/// What speaks: an appliance, or the model in this program.
enum SpeechSource: Sendable {
    case appliance(url: String)
    case here(SpeechService)

    /// A voice as it is listed.
    struct Voice: Codable, Sendable {
        var id, name, language: String
        var description: String?
        var isDefault: Bool
    }

    /// Hands over the sound as it comes, with its rate and how fast it is still to be played.
    func speak(
        _ saying: Saying, _ take: ([Float], _ rate: Int, _ speed: Double) throws -> Void
    ) async throws -> FinishReason {
        guard saying.text.isSpeakable else { throw Failure.nothingToSay }
        switch self {
        case .appliance(let url):
            let start = RemoteSpeech.Start(
                voice: saying.voice, language: saying.language ?? "auto", speed: saying.speed, normalize: true)
            return try await RemoteSpeech(through: url, start).run(saying.text) { try take($0, $1, 1) }
        case .here(let service):
            try await Self.load(service)
            return try await Self.speak(saying, service, take)
        }
    }

    private static func speak(
        _ saying: Saying, _ service: SpeechService, _ take: ([Float], Int, Double) throws -> Void
    ) async throws -> FinishReason {
        var request = SpeakRequest(
            text: saying.text, voice: saying.voice, language: saying.language ?? "auto", client: "mcp")
        request.door = .modelContext
        request.speed = saying.speed
        // Whoever plays waits.
        request.whenSlow = .stream
        do {
            let stream = try await service.speak(request)
            for await event in stream {
                switch event {
                case .frame(let samples, _): try take(samples, stream.sampleRate, stream.speed)
                case .ended(let reason, _): return reason
                case .failed(let error): throw error
                case .sentence, .starved, .buffering: break
                }
            }
            throw CancellationError()
        } catch let error as SpeakError {
            throw Failure(error.message)
        }
    }

    /// Waits until the model is loaded.
    private static func load(_ service: SpeechService) async throws {
        await service.load()
        while case .loading = service.model.state { try await Task.sleep(for: .milliseconds(20)) }
        if case .failed(let reason) = service.model.state { throw Failure("The model cannot be loaded: \(reason)") }
    }

    /// Has a text said into an output, which is opened when its first sound comes.
    /// - Parameter progress: is told the seconds of sound so far, about once for each.
    func speak(
        _ saying: Saying, progress: (Double) -> Void, into open: (_ rate: Int, _ speed: Double) throws -> SpeechOutput
    ) async throws -> Spoken {
        var opened: SpeechOutput?
        var told = 0.0
        let reason = try await speak(saying) { samples, rate, speed in
            try Task.checkCancellation()
            let output = try opened ?? open(rate, speed)
            opened = output
            try output.write(samples, progress: 0)
            guard output.seconds >= told + 1 else { return }
            told = output.seconds
            progress(told)
        }
        try Task.checkCancellation()
        guard let opened, reason != .cancelled else { throw CancellationError() }
        try opened.finish()
        return Spoken(seconds: opened.seconds, reason: reason)
    }

    func voices() async throws -> [Voice] {
        switch self {
        case .appliance(let url):
            struct Answer: Decodable { var voices: [Voice] }
            let (status, body) = try await Self.get(url, "/api/v1/voices", patience: .seconds(10))
            guard status == .ok else { throw Failure("The appliance at \(url) answers \(status.code).") }
            do { return try JSONDecoder().decode(Answer.self, from: body).voices } catch {
                throw Failure("\(url) is no makima: its list of voices cannot be read.")
            }
        case .here(let service):
            try await Self.load(service)
            return service.offeredVoices.map {
                let metadata = $0.stored?.metadata
                return Voice(
                    id: $0.id, name: $0.name, language: metadata?.language ?? "auto",
                    description: metadata?.description, isDefault: $0.isDefault)
            }
        }
    }

    /// Whether an appliance answers there.
    static func answers(_ url: String) async -> Bool {
        struct Readiness: Decodable { var status: String }
        guard let (_, body) = try? await get(url, "/ready", patience: .seconds(1)) else { return false }
        return (try? JSONDecoder().decode(Readiness.self, from: body)) != nil
    }

    private static func get(
        _ url: String, _ path: String, patience: TimeAmount
    ) async throws -> (HTTPResponseStatus, Data) {
        var request = HTTPClientRequest(url: (url.hasSuffix("/") ? String(url.dropLast()) : url) + path)
        if let token = RemoteSpeech.token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        let answer: HTTPClientResponse
        do { answer = try await HTTPClient.shared.execute(request, timeout: patience) } catch {
            throw Failure("No appliance can be reached at \(url): \(error)")
        }
        let body = try await answer.body.collect(upTo: 1 << 20)
        return (answer.status, Data(body.readableBytesView))
    }
}

/// Finds what speaks, for each call anew: the appliance that was named, else the one on this computer, else the model here.
actor SpeechFinder {
    private let named: String?
    private let configuration: ServerConfiguration
    private let logger: Logger
    private var service: SpeechService?

    init(appliance name: String?, _ configuration: ServerConfiguration, _ logger: Logger) throws {
        named = try name.map(applianceURL)
        self.configuration = configuration
        self.logger = logger
    }

    func source() async throws -> SpeechSource {
        if let named { return .appliance(url: named) }
        let local = "http://127.0.0.1:\(configuration.port)"
        if await SpeechSource.answers(local) { return .appliance(url: local) }
        if let service { return .here(service) }
        let choice = try EngineChoice(configuration)
        let made = await SpeechService(
            choice.engine, configuration, version: version, logger: logger, loader: choice.loader(logger))
        // Another call may have made one meanwhile.
        if let service { return .here(service) }
        service = made
        return .here(made)
    }
}
