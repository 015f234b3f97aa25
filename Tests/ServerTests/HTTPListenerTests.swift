// The HTTP port itself, over the loopback, with clients that leave, drip and stare.

import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import Server

/// A client that sends what it is told.
private struct RawClient: Sendable {
    let stream: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    var channel: any Channel { stream.channel }

    init(_ address: SocketAddress) async throws {
        stream = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func leave() async throws {
        try await stream.executeThenClose { _, _ in }
    }

    /// All that comes until the server closes.
    func rest() async throws -> String {
        try await stream.executeThenClose { inbound, _ in
            var text = ""
            do { for try await piece in inbound { text += String(buffer: piece) } } catch is IOError {}
            return text
        }
    }
}

extension Patience {
    /// Beside hundreds of other tests a client may be slow to say anything.
    fileprivate static var long: Patience {
        var patience = Patience()
        patience.request = .seconds(600)
        patience.body = .seconds(600)
        patience.taking = .seconds(600)
        return patience
    }

    /// Short where the test waits.
    fileprivate static func short(_ path: WritableKeyPath<Patience, Duration>) -> Patience {
        var patience = long
        patience[keyPath: path] = .milliseconds(300)
        return patience
    }
}

/// Runs `body` with a listener on a free port, and ends it afterwards.
private func withListener(
    _ router: Router, patience: Patience = .long, logger: Logger = Logger(label: "test"),
    _ body: (SocketAddress) async throws -> Void
) async throws {
    var listener = HTTPListener(
        host: "127.0.0.1", port: 0, router: router, requestGuard: RequestGuard(), webSockets: [:], logger: logger)
    listener.patience = patience
    try await withOpenDoor(
        { onOpen in
            listener.onOpen = onOpen
            return listener
        }, body)
}

@Suite(.timeLimit(.minutes(5))) struct HTTPListenerTests {
    /// A handler that waits for ever, and tells when it begins and when it is cancelled.
    private static func waiting() -> (Router, events: AsyncStream<String>) {
        let (events, tell) = AsyncStream.makeStream(of: String.self)
        var router = Router()
        router.on(.GET, "/wait") { _ in
            tell.yield("begun")
            do { try await Task.sleep(for: .seconds(600)) } catch {
                tell.yield("cancelled")
                throw error
            }
            return Response()
        }
        return (router, events)
    }

    @Test(arguments: ["1.1", "1.0"]) func aRequestWhoseClientHasGoneIsCancelled(version: String) async throws {
        let (router, events) = Self.waiting()
        try await withListener(router) { address in
            let client = try await RawClient(address)
            try await client.send("GET /wait HTTP/\(version)\r\nHost: localhost\r\n\r\n")
            var events = events.makeAsyncIterator()
            #expect(await events.next() == "begun")
            try await client.leave()
            #expect(await events.next() == "cancelled")
        }
    }

    @Test func aClientThatHasSaidAllGetsItsAnswer() async throws {
        var router = Router()
        router.on(.GET, "/slow") { _ in
            try await Task.sleep(for: .milliseconds(300))
            return Response(.ok, "text/plain", "here it is")
        }
        try await withListener(router) { address in
            let client = try await RawClient(address)
            try await client.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try await client.channel.close(mode: .output).get()
            let answer = try await client.rest()
            #expect(answer.contains("HTTP/1.1 200 OK") && answer.hasSuffix("here it is"), "\(answer)")
        }
    }

    @Test func aBodyThatDripsInIsAnswered408() async throws {
        var router = Router()
        router.on(.POST, "/upload") { request in
            _ = try await request.body.collect(limit: 1000)
            return Response()
        }
        try await withListener(router, patience: .short(\.body)) { address in
            let client = try await RawClient(address)
            try await client.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n")
            let dripping = Task {
                while !Task.isCancelled {
                    try await client.send("x")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            defer { dripping.cancel() }
            #expect(try await client.rest().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func aHeadThatDripsInIsNotWaitedFor() async throws {
        try await withListener(Router(), patience: .short(\.request)) { address in
            let client = try await RawClient(address)
            let dripping = Task {
                for letter in "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "x", count: 1000) {
                    try await client.send(String(letter))
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            defer { dripping.cancel() }
            #expect(try await client.rest() == "")
        }
    }

    @Test func anAnswerThatNobodyReadsIsNotHeldForEver() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        var router = Router()
        router.on(.GET, "/much") { _ in
            Response(
                body: .stream { writer in
                    defer { end.yield() }
                    while true { try await writer.write(ByteBuffer(repeating: 0, count: 100_000)) }
                })
        }
        try await withListener(router, patience: .short(\.taking)) { address in
            let client = try await RawClient(address)
            try await client.channel.setOption(.autoRead, value: false).get()
            try await client.send("GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
            var ends = ends.makeAsyncIterator()
            #expect(await ends.next() != nil)
            try? await client.leave()
        }
    }

    @Test func targetsInAbsoluteFormAreAnsweredByTheirHost() async throws {
        var router = Router()
        router.on(.GET, "/x") { _ in Response(.ok, "text/plain", "found") }
        try await withListener(router) { address in
            for (target, host, status) in [
                ("http://localhost:8012/x", "evil.example.com", 200), ("HTTP://makima.local./x?a=b", "localhost", 200),
                ("http://evil.example.com/x", "localhost", 421),
                ("http://localhost@evil.example.com/x", "localhost", 400),
                ("http://user@localhost/x", "localhost", 400), ("http:///x", "localhost", 400), ("*", "localhost", 404),
            ] {
                let client = try await RawClient(address)
                try await client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                #expect(try await client.rest().hasPrefix("HTTP/1.1 \(status) "), "\(target)")
            }
        }
    }

    @Test func aRefusedRequestLeavesOneLine() async throws {
        let log = LogLines()
        var router = Router()
        router.on(.GET, "/no") { _ in .error(SpeakError(.voiceNotFound, "There is no voice\nof that name.")) }
        router.on(.GET, "/yes") { _ in Response() }
        try await withListener(router, logger: log.logger) { address in
            for path in ["/no", "/yes", "/nothing"] {
                let client = try await RawClient(address)
                try await client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                _ = try await client.rest()
            }
            let broken = try await RawClient(address)
            try await broken.send("NONSENSE\r\n\r\n")
            _ = try await broken.rest()
        }
        let refused = log.lines.filter { $0.message == "refused" }.map(\.metadata)
        #expect(refused.map { $0["code"] } == ["VOICE_NOT_FOUND", "NOT_FOUND", "400"])
        #expect(refused.allSatisfy { $0["client"] == "127.0.0.1" && $0["door"] == "http" })
        #expect(refused.first?["reason"] == "There is no voice\u{FFFD}of that name.")
        #expect(refused.first?["request"] == "GET /no")
    }
}

/// Keeps what is logged.
final class LogLines: Sendable {
    struct Line: Sendable {
        let message: String
        let metadata: [String: String]
    }

    private let all = Mutex<[Line]>([])
    var lines: [Line] { all.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                message: "\(event.message)", metadata: (event.metadata ?? [:]).mapValues { "\($0)" })
            log.all.withLock { $0.append(line) }
        }
    }
}

@Suite struct RefusalLogTests {
    @Test func aFloodIsCounted() {
        let log = LogLines()
        let start = ContinuousClock.now
        let refusals = RefusalLog(log.logger, at: start)
        for _ in 0..<1000 {
            refusals.note(client: "a", door: "http", code: "RATE_LIMITED", reason: "too many", at: start)
        }
        #expect(log.lines.count == 100)
        refusals.note(client: "a", door: "http", code: "RATE_LIMITED", reason: "too many", at: start + .seconds(1))
        #expect(log.lines.last?.metadata["unlogged"] == "900")
    }

    @Test func whatAClientSaysStaysOnOneShortLine() {
        #expect(
            RefusalLog.harmless("a\r\n2026 fake line\u{1b}[2J\u{202e}")
                == "a\u{FFFD}\u{FFFD}2026 fake line\u{FFFD}[2J\u{FFFD}")
        #expect(RefusalLog.harmless(String(repeating: "é", count: 1000)).count == 200)
    }
}
