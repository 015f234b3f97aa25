// SHA-256 (FIPS 180-4) of a few bytes: the keys of the goldens' random numbers. Its constants are the first bits of the
// fractions of square and cube roots of primes.

enum SHA256 {
    static func hash(_ message: [UInt8]) -> [UInt8] {
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        padded += bytes(UInt64(message.count) * 8)
        var state = primes[..<8].map { fraction(of: $0, cubic: false) }
        let constants = primes.map { fraction(of: $0, cubic: true) }
        for start in stride(from: 0, to: padded.count, by: 64) {
            compress(Array(padded[start..<start + 64]), constants, into: &state)
        }
        return state.flatMap(bytes)
    }

    private static func compress(_ block: [UInt8], _ constants: [UInt32], into state: inout [UInt32]) {
        var words = stride(from: 0, to: 64, by: 4).map { start in
            block[start..<start + 4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        }
        for i in 16..<64 {
            let (near, far) = (words[i - 2], words[i - 15])
            let mixed = (rotated(near, 17) ^ rotated(near, 19) ^ near >> 10) &+ words[i - 7]
            words.append(mixed &+ (rotated(far, 7) ^ rotated(far, 18) ^ far >> 3) &+ words[i - 16])
        }
        var s = state
        for i in 0..<64 {
            let (a, e) = (s[0], s[4])
            let choice = e & s[5] ^ ~e & s[6]
            let first = s[7] &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[i] &+ words[i]
            let majority = a & s[1] ^ a & s[2] ^ s[1] & s[2]
            let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
            s = [first &+ second, a, s[1], s[2], s[3] &+ first, e, s[5], s[6]]
        }
        for i in 0..<8 { state[i] &+= s[i] }
    }

    private static func rotated(_ x: UInt32, _ count: UInt32) -> UInt32 { x >> count | x << (32 - count) }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The first 64 primes.
    private static let primes: [UInt64] = {
        var primes: [UInt64] = []
        var candidate: UInt64 = 2
        while primes.count < 64 {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes
    }()

    /// The first 32 bits of the fraction of a root, by bisection of the root times 2^32.
    private static func fraction(of prime: UInt64, cubic: Bool) -> UInt32 {
        var (low, high) = (0 as UInt64, 1 << 37 as UInt64)
        while high - low > 1 {
            let middle = (low + high) / 2
            if isBelow(middle, prime, cubic: cubic) { low = middle } else { high = middle }
        }
        return UInt32(truncatingIfNeeded: low)
    }

    /// Whether (root / 2^32) to the second or third power is at most the prime.
    private static func isBelow(_ root: UInt64, _ prime: UInt64, cubic: Bool) -> Bool {
        let square = root.multipliedFullWidth(by: root)  // · 2^64
        if !cubic { return square.high < prime || (square.high == prime && square.low == 0) }
        // high · root · 2^64 + low · root, compared with prime · 2^96.
        let upper = square.high.multipliedFullWidth(by: root)
        let lower = square.low.multipliedFullWidth(by: root)
        let (sum, carry) = upper.low.addingReportingOverflow(lower.high)
        guard upper.high == 0, !carry else { return false }
        return sum >> 32 < prime
    }
}
