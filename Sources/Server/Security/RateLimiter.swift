// How often one client may ask: a token bucket each.

import Synchronization

/// Fills with `rate` tokens a second up to `burst`; a request takes one.
package struct TokenBucket: Sendable {
    package let rate: Double  // tokens per second
    package let burst: Double
    private var tokens: Double
    private var updated: ContinuousClock.Instant

    package init(rate: Double, burst: Double, at now: ContinuousClock.Instant) {
        self.rate = rate
        self.burst = burst
        tokens = burst
        updated = now
    }

    /// nil when a token was taken, else how long until there is one.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        refill(at: now)
        if tokens >= 1 {
            tokens -= 1
            return nil
        }
        return .seconds((1 - tokens) / rate)
    }

    /// Full again: the client need not be remembered.
    package mutating func isFull(at now: ContinuousClock.Instant) -> Bool {
        refill(at: now)
        return tokens >= burst
    }

    private mutating func refill(at now: ContinuousClock.Instant) {
        tokens = min(burst, tokens + max(0, (now - updated).seconds) * rate)
        updated = now
    }
}

package final class RateLimiter: Sendable {
    /// More clients than this are not remembered one by one.
    private static let clientLimit = 10_000

    private let rate: Double
    private let burst: Double
    private let buckets = Mutex<[String: TokenBucket]>([:])

    /// A rate of zero sets no limit.
    package init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = max(1, burst)
    }

    package func check(_ client: String, at now: ContinuousClock.Instant = .now) throws(SpeakError) {
        guard rate > 0 else { return }
        let wait = buckets.withLock { buckets -> Duration? in
            if buckets.count >= Self.clientLimit, buckets[client] == nil {
                buckets = buckets.filter { entry in
                    var bucket = entry.value
                    return !bucket.isFull(at: now)
                }
                // Nobody on a local network has so many addresses: forgetting all of them is the lesser harm.
                if buckets.count >= Self.clientLimit { buckets.removeAll() }
            }
            return buckets[client, default: TokenBucket(rate: rate, burst: burst, at: now)].take(at: now)
        }
        if let wait {
            throw SpeakError(
                .rateLimited, "Too many requests: \(Int(rate)) a second are allowed, \(Int(burst)) at once.",
                retryAfter: wait)
        }
    }
}
