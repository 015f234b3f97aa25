// What a session has to write to its WebSocket: the session goes on while the client does not read, and holds up nothing but its
// own sound.

import NIOCore

/// Belongs to the actor of its session, which those who wait name: they go on as that actor. Left to be inherited, it is lost behind a
/// wait in optimised code (Swift 6.3.1), and those who were woken are two at a time.
final class Outbox {
    /// Pieces of sound that may wait for the socket: two thirds of a second.
    private static let soundAhead = 8
    /// Frames that may wait for the socket before the session stops reading.
    private static let framesAhead = 256

    private enum Frame {
        case text(String)
        case binary(ByteBuffer)
        case close(WebSocketClosure)
    }

    /// `utterance` for sound: what is left of it goes when the utterance is cancelled.
    private struct Entry {
        let frame: Frame
        var utterance: Int?
    }

    private var entries: [Entry] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var isFinished = false

    /// While held, sound waits. Setting it wakes those who wait, too: what they wait for may be unwanted by now.
    var isHeld = false {
        didSet { signal() }
    }

    // MARK: - The session's side

    func add(_ text: String) { add(Entry(frame: .text(text))) }
    func add(_ closure: WebSocketClosure) { add(Entry(frame: .close(closure))) }
    func add(sound: ByteBuffer, of utterance: Int) { add(Entry(frame: .binary(sound), utterance: utterance)) }
    func add(sound: String, of utterance: Int) { add(Entry(frame: .text(sound), utterance: utterance)) }

    private func add(_ entry: Entry) {
        entries.append(entry)
        signal()
    }

    /// Drops sound that was not written.
    func drop(_ utterance: Int) {
        entries.removeAll { $0.utterance == utterance }
        signal()
    }

    /// Waits until more of the client's messages may be answered.
    func roomForAnswers(_ actor: isolated any Actor) async {
        while entries.count > Self.framesAhead, !isFinished { await change(actor) }
    }

    /// Waits until there is room for sound; not longer than it is wanted.
    func roomForSound(_ actor: isolated any Actor, while isWanted: () -> Bool) async {
        while isWanted(), isHeld || entries.count(where: { $0.utterance != nil }) >= Self.soundAhead {
            await change(actor)
        }
    }

    /// The client has left: nothing is written any more.
    func finish() {
        isFinished = true
        signal()
    }

    // MARK: - The socket's side

    /// Writes until the session is closed or the client has left.
    func write(to sender: WebSocketSender, _ actor: isolated any Actor) async {
        do {
            while let frame = await next(actor) {
                switch frame {
                case .text(let text): try await sender.send(text)
                case .binary(let bytes): try await sender.send(bytes)
                case .close(let closure): return try await sender.close(closure)
                }
            }
        } catch {
            // The connection is gone, which the reading side sees as well.
        }
    }

    /// While held, no sound. nil when the client has left.
    private func next(_ actor: isolated any Actor) async -> Frame? {
        while !isFinished {
            if let index = entries.firstIndex(where: { $0.utterance == nil || !isHeld }) {
                defer { signal() }
                return entries.remove(at: index).frame
            }
            await change(actor)
        }
        return nil
    }

    private func change(_ actor: isolated any Actor) async {
        await withCheckedContinuation { waiters.append($0) }
    }

    private func signal() {
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }
}
