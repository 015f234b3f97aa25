// The server as its clients meet it: the appliance's own doors and scheduler in this process, and clients over real WebSockets.

import Logging
import Qwen3TTS
import Server
import Synchronization
import Speech

struct ServeSuite {
    /// A checkpoint's folder.
    let model: String
    /// Whether that has no speaker encoder, so that a made-up speaker speaks.
    let isSynthetic: Bool
    /// Folder of the voices, of which makima speaks.
    let voices: String
    let threads: Int
    let clients: [Int]
    /// Utterances measured for each number of clients, at least one of each client.
    let utterances: Int
    /// Pieces of sound after which a client cancels.
    let frames: Int

    private static let text =
        "Good morning to all of you, and welcome to this small house by the river, where the days are long and quiet."
    /// Text of those who speak while one more comes.
    private static let longText = String(repeating: text + " ", count: 20)
    private static let lateClients = 8

    func run() async throws -> Results.ServeResult {
        let cancels = CancelTimes()
        let service = service(cancels)
        await service.load()
        guard let information = service.information else {
            throw BenchError(reason: "the model is not loaded: \(service.model.state)")
        }
        var result = Results.ServeResult()
        (result.model, result.format) = (isSynthetic ? "random" : information.name, information.format)
        let listener = HTTPListener(
            host: "127.0.0.1", port: 0, router: Router(), requestGuard: RequestGuard(),
            webSockets: HTTPListener.webSockets(service), logger: Self.log)
        try await listener.serve { port in
            _ = try await speak(1, pieces: frames, port)
            for count in clients {
                _ = cancels.take()
                let rounds = max(1, utterances / count)
                var deliveries: [[Delivery]] = []
                for _ in 0..<rounds { deliveries.append(try await speak(count, pieces: frames, port)) }
                let late = try await comeLate(count, port)
                result.clients["\(count)"] = .init(deliveries, late: late, computingAfterCancel: cancels.take())
            }
        }
        return result
    }

    // MARK: Clients

    /// All at once, for `pieces` of sound.
    private func speak(_ count: Int, pieces: Int, _ port: Int) async throws -> [Delivery] {
        try await withThrowingTaskGroup(of: Delivery.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try await SpeakClient.connected(to: port) { client in
                        try await client.speak(Self.text) { $0 >= pieces }
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// One after the other, while `count` others speak. They leave early: how they began is what is measured.
    private func comeLate(_ count: Int, _ port: Int) async throws -> [Delivery] {
        let isOver = Flag()
        let (speaking, begun) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    // Who waits for this client learns that it has failed.
                    defer { begun.finish() }
                    try await SpeakClient.connected(to: port) { client in
                        while !isOver.isSet {
                            _ = try await client.speak(Self.longText) { pieces in
                                if pieces == 1 { begun.yield() }
                                return isOver.isSet
                            }
                        }
                    }
                }
            }
            var deliveries: [Delivery] = []
            var begins = speaking.makeAsyncIterator()
            for _ in 0..<count { await begins.next() }
            for _ in 0..<Self.lateClients { deliveries += try await speak(1, pieces: 2, port) }
            isOver.set()
            try await group.waitForAll()
            return deliveries
        }
    }

    // MARK: Server

    private func service(_ cancels: CancelTimes) -> SpeechService {
        let store = VoiceStore(directory: voices, builtIn: nil, defaultVoice: "makima")
        var settings = SpeechService.Settings()
        settings.requestsPerSecond = 0
        settings.scheduler.running = max(settings.scheduler.running, (clients.max() ?? 1) + 1)
        return SpeechService(
            .qwen3, voices: VoiceLibrary(store, cacheDirectory: nil), settings: settings, logger: Self.log
        ) { [model, threads, isSynthetic] limits, report in
            let engine = try Qwen3Engine(directory: model, threads: threads)
            let observe: @Sendable (SpeechReport) -> Void = {
                cancels.add($0.cancelLatency)
                report($0)
            }
            return isSynthetic
                ? SynthesisScheduler(MadeUpVoice(engine), limits: limits, report: observe)
                : SynthesisScheduler(engine, limits: limits, report: observe)
        }
    }

    private static let log: Logger = {
        var logger = Logger(label: "makima-bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }()
}

/// How long the model went on after each cancel.
private final class CancelTimes: Sendable {
    private let times = Mutex<[Duration]>([])

    func add(_ time: Duration?) {
        guard let time else { return }
        times.withLock { $0.append(time) }
    }

    func take() -> [Duration] {
        times.withLock { times in
            defer { times = [] }
            return times
        }
    }
}

private final class Flag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// The random checkpoint without its speaker encoder: every clip gives the same speaker.
private struct MadeUpVoice: SpeechEngine {
    private let engine: Qwen3Engine
    let voiceMaker: any VoiceMaker = Maker()

    init(_ engine: Qwen3Engine) { self.engine = engine }

    var information: ModelInformation { engine.information }

    private struct Maker: VoiceMaker {
        func prepare(_ clip: [Float], transcript: String?) -> PreparedVoice {
            VoicePrompt(speaker: SpeechRequests.speaker(width: 1024)).prepared
        }

        func accepts(_ voice: PreparedVoice) -> Bool { true }
    }

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance { try engine.begin(request) }

    func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        try engine.append(text, isLast: isLast, to: utterance)
    }

    func more(of utterance: Utterance) -> SpeechEvent? { engine.more(of: utterance) }

    func allow(_ leeway: Leeway, for utterance: Utterance) { engine.allow(leeway, for: utterance) }

    func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        engine.advance(batch, isCancelled: isCancelled)
    }
}
