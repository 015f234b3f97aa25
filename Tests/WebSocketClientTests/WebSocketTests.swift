import Logging
import NIOCore
import NIOHTTP1
import Server
import Testing
import WebSocketClient

/// Opens the server's HTTP port for as long as `body` runs.
private func serving(
    _ handler: @escaping HTTPListener.WebSocketHandler, limits: WebSocketLimits = WebSocketLimits(),
    _ body: (_ port: Int) async throws -> Void
) async throws {
    var listener = HTTPListener(
        host: "127.0.0.1", port: 0, router: Router(), requestGuard: RequestGuard(), webSockets: ["/echo": handler],
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    listener.webSocketLimits = limits
    try await listener.serve(while: body)
}

private let echo: HTTPListener.WebSocketHandler = { receiver, sender, _ in
    while let message = try await receiver.next() {
        switch message {
        case .text("leave"): return
        case .text(let text): try await sender.send(text)
        case .binary(let bytes): try await sender.send(bytes)
        }
    }
}

private func failure(_ body: () async throws -> Void) async -> WebSocketFailure? {
    do { try await body() } catch { return error as? WebSocketFailure }
    return nil
}

@Suite struct WebSocketTests {
    private func target(_ port: Int, _ path: String = "/echo") -> WebSocketTarget {
        WebSocketTarget(host: "127.0.0.1", port: port, path: path)
    }

    @Test func textsComeBackInTheirOrder() async throws {
        try await serving(echo) { port in
            let socket = try await WebSocket(to: target(port))
            defer { socket.close() }
            for text in ["one", "", "drei ß"] { try await socket.send(text) }
            var messages = socket.messages.makeAsyncIterator()
            for text in ["one", "", "drei ß"] { #expect(try await messages.next() == .text(text)) }
        }
    }

    @Test func aMessageRightBehindTheHandshakeIsNotLost() async throws {
        try await serving { receiver, sender, _ in
            try await sender.send(ByteBuffer(bytes: [1, 2, 3]))
            _ = try await receiver.next()
        } _: { port in
            let socket = try await WebSocket(to: target(port))
            defer { socket.close() }
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .binary(ByteBuffer(bytes: [1, 2, 3])))
        }
    }

    @Test func pingsAreAnsweredThoughNobodyReadsMessages() async throws {
        var limits = WebSocketLimits()
        limits.pingEvery = .milliseconds(50)
        // Long enough for a machine that does much else, short enough that an unanswered ping would be noticed.
        limits.deadAfter = .seconds(3)
        try await serving(echo, limits: limits) { port in
            let socket = try await WebSocket(to: target(port))
            defer { socket.close() }
            try await Task.sleep(for: .seconds(5))
            try await socket.send("still here")
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text("still here"))
        }
    }

    @Test func aServerThatLeavesEndsTheMessagesWithAnError() async throws {
        try await serving(echo) { port in
            let socket = try await WebSocket(to: target(port))
            defer { socket.close() }
            try await socket.send("leave")
            let found = await failure { for try await _ in socket.messages {} }
            guard case .ended = found else {
                Issue.record("\(String(describing: found))")
                return
            }
        }
    }

    @Test func aReasonOfTheCallersEndsTheMessages() async throws {
        struct Reason: Error {}
        try await serving(echo) { port in
            let socket = try await WebSocket(to: target(port))
            defer { socket.close() }
            socket.fail(Reason())
            await #expect(throws: Reason.self) { for try await _ in socket.messages {} }
        }
    }

    @Test func aServerThatOpensNoWebSocketIsQuoted() async throws {
        try await serving(echo) { port in
            let found = await failure { _ = try await WebSocket(to: target(port, "/elsewhere")) }
            guard case .refused(let status, let body) = found else {
                Issue.record("\(String(describing: found))")
                return
            }
            #expect(status.code == 404)
            #expect(body.readableBytes > 0)
        }
    }

    @Test func aPortThatIsClosedIsNamedByTheSystem() async throws {
        var closed = 0
        try await serving(echo) { closed = $0 }
        let found = await failure { _ = try await WebSocket(to: target(closed)) }
        #expect(found?.description == "nobody could be reached: Connection refused")
    }
}
