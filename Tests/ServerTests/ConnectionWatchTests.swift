import NIOCore
import NIOEmbedded
import Testing

@testable import Server

@Suite struct ConnectionClockTests {
    private static let start = NIODeadline.uptimeNanoseconds(1 << 40)

    private static func clock(_ phase: ConnectionPhase) -> ConnectionClock {
        ConnectionClock(Patience(), phase, at: start)
    }

    private static let patience: [(ConnectionPhase, Int64, ConnectionOverdue)] = [
        (.request, 20, .request), (.body, 20, .body), (.open, 600, .quiet),
    ]

    @Test(arguments: patience)
    func eachPhaseHasItsPatience(phase: ConnectionPhase, seconds: Int64, overdue: ConnectionOverdue) {
        var clock = Self.clock(phase)
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(seconds)) == nil)
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(seconds + 1)) == overdue)
    }

    @Test func anAnswerMayTakeItsTime() {
        var clock = Self.clock(.answer)
        #expect(clock.check(waiting: 0, at: Self.start + .hours(9)) == nil)
    }

    @Test func bytesDoNotProlongTheWaitForAHead() {
        var clock = Self.clock(.request)
        for second in 1...21 { clock.received(1, at: Self.start + .seconds(Int64(second))) }
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(21)) == .request)
    }

    @Test func aBodyMayLastAsLongAsItComesAtTheLeastRate() {
        var steady = Self.clock(.body)
        var dripping = Self.clock(.body)
        var ends: [Int64] = []
        for second in Int64(1)...100 {
            let now = Self.start + .seconds(second)
            steady.received(500, at: now)
            dripping.received(1, at: now)
            #expect(steady.check(waiting: 0, at: now) == nil)
            if dripping.check(waiting: 0, at: now) == .body { ends.append(second) }
        }
        #expect(ends.first == 21)
    }

    @Test func aClientThatTakesAByteNowAndThenTakes() {
        var clock = Self.clock(.answer)
        clock.wrote(1000, waiting: 0, at: Self.start)
        for minute in Int64(1)...9 {
            let waiting = 1000 - Int(minute)
            #expect(clock.check(waiting: waiting, at: Self.start + .seconds(minute * 59)) == nil)
        }
        #expect(clock.check(waiting: 991, at: Self.start + .seconds(9 * 59 + 60)) == nil)
        #expect(clock.check(waiting: 991, at: Self.start + .seconds(9 * 59 + 61)) == .taking)
    }

    @Test func moreToSendIsNoProgressOfTheClient() {
        var clock = Self.clock(.answer)
        for second in Int64(0)...60 {
            let waiting = 100 * Int(second)
            clock.wrote(100, waiting: waiting, at: Self.start + .seconds(second))
        }
        #expect(clock.check(waiting: 6100, at: Self.start + .seconds(62)) == .taking)
    }

    @Test func bytesEitherWayKeepAnOpenConnection() {
        var clock = Self.clock(.open)
        clock.received(1, at: Self.start + .seconds(500))
        clock.wrote(1, waiting: 0, at: Self.start + .seconds(1000))
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(1000)) == nil)
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(1599)) == nil)
        #expect(clock.check(waiting: 0, at: Self.start + .seconds(1601)) == .quiet)
    }
}

@Suite struct ConnectionWatchTests {
    /// What the watch noted, and the channel it watches.
    private func watched(_ phase: ConnectionPhase) throws -> (EmbeddedChannel, () -> [ConnectionOverdue]) {
        let channel = EmbeddedChannel()
        final class Notes { var all: [ConnectionOverdue] = [] }
        let notes = Notes()
        try channel.pipeline.syncOperations.addHandler(ConnectionWatch(Patience(), phase) { notes.all.append($0) })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, { notes.all })
    }

    @Test func aConnectionThatBringsNoRequestIsClosed() throws {
        let (channel, notes) = try watched(.request)
        try channel.writeInbound(ByteBuffer(string: "GET / HT"))
        channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
        #expect(notes() == [.request])
    }

    @Test func aNewPhaseIsANewWait() throws {
        let (channel, notes) = try watched(.request)
        channel.embeddedEventLoop.advanceTime(by: .seconds(15))
        try channel.pipeline.triggerUserOutboundEvent(ConnectionPhase.answer).wait()
        channel.embeddedEventLoop.advanceTime(by: .minutes(9))
        try channel.pipeline.triggerUserOutboundEvent(ConnectionPhase.request).wait()
        channel.embeddedEventLoop.advanceTime(by: .seconds(19))
        #expect(channel.isActive && notes().isEmpty)
    }

    @Test func aBodyThatDripsInMayBeAnsweredBeforeTheEnd() throws {
        let (channel, notes) = try watched(.body)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(21_100))
        #expect(notes() == [.body])
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func aClosedConnectionIsNotWatched() throws {
        let (channel, notes) = try watched(.request)
        try channel.close().wait()
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(notes().isEmpty)
    }
}
