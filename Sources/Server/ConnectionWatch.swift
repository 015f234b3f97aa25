// Lets go of a connection whose client does nothing with it: sends no request, drips one in, or takes no answer.

import NIOCore

/// How long a door waits for a client.
package struct Patience: Sendable {
    /// While no byte comes or goes and the door has not said what it waits for.
    package var quiet = Duration.seconds(600)
    /// For the whole head of a request, from the opening of the connection or the end of the last answer.
    package var request = Duration.seconds(20)
    /// For the body of a request, and longer by the time that the bytes which came need at `bodyRate`.
    package var body = Duration.seconds(20)
    package var bodyRate = 500  // bytes a second
    /// While bytes wait for the client and it takes none.
    package var taking = Duration.seconds(60)

    package init() {}
}

/// What a connection waits for. A door says it with `triggerUserOutboundEvent`; saying it again begins the wait anew.
package enum ConnectionPhase: Sendable { case open, request, body, answer }

/// Which patience came to its end. The watch fires it inbound, for a door that has a last word.
package enum ConnectionOverdue: String, Sendable {
    case quiet = "nothing came and nothing went"
    case request = "no request came"
    case body = "the request came too slowly"
    case taking = "the client takes no bytes"
}

/// The bookkeeping of one connection, as a value: bytes and the time in, a verdict out.
struct ConnectionClock {
    private let patience: Patience
    private var phase: ConnectionPhase
    private var phaseBegan: NIODeadline
    private var received = 0  // bytes in this phase
    private var handedOver = 0  // bytes written so far
    private var taken = 0  // bytes of those that the kernel has
    private var lastMove: NIODeadline
    private var lastTaken: NIODeadline

    init(_ patience: Patience, _ phase: ConnectionPhase, at now: NIODeadline) {
        self.patience = patience
        self.phase = phase
        phaseBegan = now
        lastMove = now
        lastTaken = now
    }

    mutating func enter(_ phase: ConnectionPhase, at now: NIODeadline) {
        self.phase = phase
        phaseBegan = now
        received = 0
        lastMove = now
    }

    mutating func received(_ bytes: Int, at now: NIODeadline) {
        received += bytes
        lastMove = now
    }

    /// Bytes on their way to the client; `waiting` of all of them have not reached the kernel yet.
    mutating func wrote(_ bytes: Int, waiting: Int, at now: NIODeadline) {
        look(waiting: waiting, at: now)
        handedOver += bytes
    }

    /// - Returns: what the client did not do in time; nil while all is well.
    mutating func check(waiting: Int, at now: NIODeadline) -> ConnectionOverdue? {
        look(waiting: waiting, at: now)
        if waiting > 0 { return now - lastTaken > TimeAmount(patience.taking) ? .taking : nil }
        switch phase {
        case .open: return now - lastMove > TimeAmount(patience.quiet) ? .quiet : nil
        case .request: return now - phaseBegan > TimeAmount(patience.request) ? .request : nil
        case .body:
            let earned = TimeAmount.nanoseconds(Int64(received) * 1_000_000_000 / Int64(max(1, patience.bodyRate)))
            return now - phaseBegan > TimeAmount(patience.body) + earned ? .body : nil
        case .answer: return nil
        }
    }

    private mutating func look(waiting: Int, at now: NIODeadline) {
        let reached = handedOver - waiting
        if waiting == 0 || reached > taken { lastTaken = now }
        if reached > taken { lastMove = now }
        taken = max(taken, reached)
    }
}

/// Stands first in the pipeline, where bytes are what the network carries.
final class ConnectionWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// For what a door says last to get away.
    private static let farewell = TimeAmount.milliseconds(500)

    private let patience: Patience
    private let phase: ConnectionPhase
    private let note: (ConnectionOverdue) -> Void
    private var clock: ConnectionClock?
    private var tick: RepeatedTask?

    init(_ patience: Patience, _ phase: ConnectionPhase, note: @escaping (ConnectionOverdue) -> Void) {
        self.patience = patience
        self.phase = phase
        self.note = note
    }

    func handlerAdded(context: ChannelHandlerContext) {
        clock = ConnectionClock(patience, phase, at: context.eventLoop.now)
        let shortest = min(patience.quiet, patience.request, patience.body, patience.taking)
        let pause = max(.milliseconds(10), min(TimeAmount(shortest / 4), .seconds(1)))
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        let watch = NIOLoopBound(self, eventLoop: context.value.eventLoop)
        tick = context.value.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
            watch.value.check(context.value)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        tick?.cancel()
        tick = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        clock?.received(unwrapInboundIn(data).readableBytes, at: context.eventLoop.now)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let bytes = unwrapOutboundIn(data).readableBytes
        clock?.wrote(bytes, waiting: waiting(context), at: context.eventLoop.now)
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let phase = event as? ConnectionPhase else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        clock?.enter(phase, at: context.eventLoop.now)
        promise?.succeed()
    }

    private func waiting(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private func check(_ context: ChannelHandlerContext) {
        guard let overdue = clock?.check(waiting: waiting(context), at: context.eventLoop.now) else { return }
        stop()
        note(overdue)
        guard overdue == .body else { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(overdue)
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.farewell) { bound.value.close(promise: nil) }
    }
}
