/// Where the numbers come from that decide between tokens.
package protocol UniformSource {
    /// The next number in [0, 1).
    mutating func uniform() -> Double
}

/// SplitMix64: small, the same on every platform.
package struct RandomStream: UniformSource, Sendable {
    private var state: UInt64

    /// Streams of one seed have nothing to do with each other.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = seed
        if stream > 0 { state = Self.mixed(seed ^ Self.mixed(stream)) }
    }

    /// Where the stream is: the seed of other streams.
    package var bits: UInt64 { state }

    /// Uniform in [0, 1), 53 random bits.
    package mutating func uniform() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Double(Self.mixed(state) >> 11) * 0x1p-53
    }

    private static func mixed(_ bits: UInt64) -> UInt64 {
        var z = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
