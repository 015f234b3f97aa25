// One client of the Wyoming protocol: texts in, sound out, one after the other.
//
// Two tasks share a connection: one reads events and answers at once what can be, one speaks. An error is the last thing that a
// client gets: the connection is closed behind it, since many clients wait for the sound of a text and for nothing else.

import JSONText
import Logging
import NIOCore
import Speech

actor WyomingConnection {
    /// Texts that may wait behind the one that is spoken.
    private static let textsAhead = 32
    /// For a client to read why its connection ends.
    private static let farewell = TimeAmount.seconds(1)

    let service: SpeechService
    let channel: any Channel
    nonisolated let client: String
    private let refusals: RefusalLog
    let texts: AsyncStream<WyomingText>
    private let queue: AsyncStream<WyomingText>.Continuation
    /// Texts that are not spoken to their end.
    private var unspoken = 0
    /// Where the pieces of the text go that is being sent.
    private var pipe: TextPipe?
    /// What is being spoken.
    var current: SpeechStream?
    /// Nothing more is said: an error was, or the server has stopped.
    private(set) var isEnding = false
    private var isStopping = false
    private var hasProbed = false

    /// `refusals` is shared by the connections of a door, so that a flood is one flood.
    init(_ service: SpeechService, _ channel: any Channel, _ refusals: RefusalLog) {
        self.service = service
        self.channel = channel
        self.refusals = refusals
        client = channel.remoteAddress?.ipAddress ?? "local"
        (texts, queue) = AsyncStream.makeStream()
    }

    nonisolated func run(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        service.sessions.add(self)
        defer { service.sessions.remove(self) }
        do {
            try await whileOpen(channel) {
                try await connection.executeThenClose { inbound, _ in try await self.serve(inbound) }
            }
        } catch {
            service.logger.debug("connection ended", metadata: ["door": "wyoming", "error": "\(error)"])
        }
    }

    private func serve(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.speakTexts() }
            try await read(inbound)
            closeQueue()
            try await probe()
            try await group.waitForAll()
        }
    }

    /// Until the client says no more. Nobody looks at what comes after an error.
    private func read(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>) async throws {
        var decoder = WyomingDecoder()
        for try await bytes in inbound where !isEnding {
            decoder.append(bytes)
            do {
                while !isEnding, let event = try decoder.next() { try await handle(event) }
            } catch let error as WyomingDecoder.Malformed {
                try await end(error.description, code: "malformed")
            } catch let error as SpeakError {
                try await end(error)
            }
        }
    }

    /// A client that closed looks like one that has said all it has to say and listens. A ping, which every client skips, tells
    /// them apart: the closed one's kernel resets the connection.
    func probe() async throws {
        guard unspoken > 0, !isEnding, !hasProbed else { return }
        hasProbed = true
        try await send(WyomingEvent("ping"))
    }
}

// MARK: - Events

extension WyomingConnection {
    /// Types that are not known are none of our business.
    private func handle(_ event: WyomingEvent) async throws {
        switch event.type {
        case "describe": try await send(.info(service))
        case "ping": try await send(WyomingEvent("pong", event.data))
        // Between start and stop it repeats the text for servers that do not stream.
        case "synthesize": if pipe == nil { try synthesize(event) }
        case "synthesize-start": try startSynthesis(event)
        case "synthesize-chunk": await pipe?.write(event.data["text"]?.text ?? "")
        case "synthesize-stop": closePipe()
        default: break
        }
    }

    private func synthesize(_ event: WyomingEvent) throws(SpeakError) {
        guard let text = event.data["text"]?.text else {
            throw SpeakError(.invalidText, "synthesize has no text.", field: "text")
        }
        try enqueue(WyomingText(.whole(text), WyomingVoice(event, service)))
    }

    private func startSynthesis(_ event: WyomingEvent) throws(SpeakError) {
        closePipe()
        let pipe = TextPipe()
        try enqueue(WyomingText(.pieces(pipe), WyomingVoice(event, service)))
        self.pipe = pipe
    }

    private func closePipe() {
        pipe?.finish()
        pipe = nil
    }

    private func closeQueue() {
        closePipe()
        queue.finish()
    }

    private func enqueue(_ text: WyomingText) throws(SpeakError) {
        guard unspoken <= Self.textsAhead else {
            throw SpeakError(
                .rateLimited, "\(unspoken) texts wait already, which is the limit.", retryAfter: .seconds(1))
        }
        unspoken += 1
        // Whatever the wait, it is not the client's.
        channel.triggerUserOutboundEvent(ConnectionPhase.answer, promise: nil)
        queue.yield(text)
    }

    /// A text is spoken to its end.
    func finishedText() async throws {
        unspoken -= 1
        guard unspoken == 0, !isEnding else { return }
        channel.triggerUserOutboundEvent(ConnectionPhase.open, promise: nil)
        if isStopping { try await close() }
    }
}

// MARK: - Sending

extension WyomingConnection {
    private func send(_ event: WyomingEvent) async throws {
        try await channel.writeAndFlush(event.bytes).get()
    }

    /// An event about sound, of which nothing follows an error. The payload goes to the socket as it is.
    func say(_ event: WyomingEvent, payload: ByteBuffer = ByteBuffer()) async throws {
        guard !isEnding else { throw CancellationError() }
        channel.write(event.bytes(before: payload.readableBytes), promise: nil)
        try await channel.writeAndFlush(payload).get()
    }

    func end(_ error: SpeakError) async throws { try await end(error.message, code: error.code.rawValue) }

    private func end(_ message: String, code: String) async throws {
        guard !isEnding else { return }
        isEnding = true
        refusals.note(client: client, door: .wyoming, code: code, reason: message)
        try await send(WyomingEvent("error", ["text": .text(message), "code": .text(code)]))
        try await close()
    }

    /// In two steps: bytes of the client that nobody has read would make the kernel take back what is on its way to it.
    private func close() async throws {
        isEnding = true
        pipe?.abandon()
        current?.cancel()
        closeQueue()
        let channel = channel
        channel.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        try await channel.close(mode: .output).get()
    }
}

extension WyomingConnection: ServedSession {
    package func shutDown() async {
        isStopping = true
        if unspoken == 0, !isEnding { try? await close() }
    }

    package func cut() async {
        try? await end(.shuttingDown)
    }
}
