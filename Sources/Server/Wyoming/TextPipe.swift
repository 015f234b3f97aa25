// Text on its way from the task that reads it to the task that speaks it.

import Synchronization

/// Whoever writes waits while more than a page is on its way: a client that sends text faster than it is spoken is then not read
/// from, and waits in its turn.
final class TextPipe: Sendable {
    /// In bytes.
    private static let limit = 8_192

    let pieces: AsyncStream<String>
    private let inlet: AsyncStream<String>.Continuation
    private let takings: AsyncStream<Void>
    private let taken: AsyncStream<Void>.Continuation
    private let held = Atomic(0)

    init() {
        (pieces, inlet) = AsyncStream.makeStream()
        (takings, taken) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Returns when there is room for more, or nobody takes any more.
    func write(_ piece: String) async {
        held.add(piece.utf8.count, ordering: .relaxed)
        inlet.yield(piece)
        guard held.load(ordering: .relaxed) > Self.limit else { return }
        for await _ in takings where held.load(ordering: .relaxed) <= Self.limit { return }
    }

    /// Nothing more will be written.
    func finish() { inlet.finish() }

    /// `piece` is on its way to the model.
    func took(_ piece: String) {
        held.subtract(piece.utf8.count, ordering: .relaxed)
        taken.yield()
    }

    /// Nobody takes any more.
    func abandon() {
        inlet.finish()
        taken.finish()
    }
}
