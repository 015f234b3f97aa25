// What was refused, to whom and why: one line each, and a count in place of a flood.

package import Logging
import Synchronization

package final class RefusalLog: Sendable {
    /// Lines a second that stay, and lines at once.
    private static let rate = 10.0
    private static let burst = 100.0
    private static let reasonLimit = 200  // characters

    private struct State {
        var bucket: TokenBucket
        var unlogged = 0
    }

    private let logger: Logger
    private let state: Mutex<State>

    package init(_ logger: Logger, at now: ContinuousClock.Instant = .now) {
        self.logger = logger
        state = Mutex(State(bucket: TokenBucket(rate: Self.rate, burst: Self.burst, at: now)))
    }

    /// - Parameters:
    ///   - client: the address, or whom a token names.
    ///   - code: of the protocol, as in `INVALID_TEXT` or 404.
    ///   - reason: the sentence that the client got; what it quotes of the client is made harmless.
    package func note(
        client: String, door: Door, code: String, reason: String, more: Logger.Metadata = [:],
        at now: ContinuousClock.Instant = .now
    ) {
        let unlogged = state.withLock { state -> Int? in
            guard state.bucket.take(at: now) == nil else {
                state.unlogged += 1
                return nil
            }
            defer { state.unlogged = 0 }
            return state.unlogged
        }
        guard let unlogged else { return }
        var metadata = more.mapValues { "\(Self.harmless("\($0)"))" as Logger.MetadataValue }
        metadata["client"] = "\(client)"
        metadata["door"] = "\(door.rawValue)"
        metadata["code"] = "\(code)"
        metadata["reason"] = "\(Self.harmless(reason))"
        if unlogged > 0 { metadata["unlogged"] = "\(unlogged)" }
        logger.info("refused", metadata: metadata)
    }

    /// On one line and of bounded length.
    static func harmless(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(reasonLimit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                line += "\u{FFFD}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
