/// How fast Chatterbox can be expected to speak on this computer: the bytes and multiply-adds of a second of speech, counted from the
/// shapes of its tensors, at the speeds that were measured. None of it was run.
struct ChatterboxEstimate: Encodable {
    /// T3 in int8, while it streams: how many times faster than it is heard speech is made.
    let turbo, nano: Double

    init(_ speed: SpeedMeasurement) {
        self.init(
            weightRate: speed.int8.weightRate, memoryBandwidth: speed.memoryBandwidth, multiplyRate: speed.multiplyRate)
    }

    /// - Parameters:
    ///   - weightRate: bytes of int8 weights each second.
    ///   - memoryBandwidth: bytes each second.
    ///   - multiplyRate: multiply-adds in float32 each second.
    init(weightRate: Double, memoryBandwidth: Double, multiplyRate: Double) {
        func timesRealTime(_ model: Transformer) -> Double {
            let token = model.weights / weightRate + model.cacheBytes / memoryBandwidth
            return 1 / (Self.tokens * token + Self.multiplyAdds / multiplyRate)
        }
        turbo = timesRealTime(Transformer(layers: 24, hidden: 1024))
        nano = timesRealTime(Transformer(layers: 12, hidden: 768))
    }

    /// Of speech in a second.
    private static let tokens = 25.0

    /// A T3: what it reads for each token.
    private struct Transformer {
        let layers, hidden: Double

        /// Attention has four matrices of hidden × hidden, the MLP two of four times that; and there is the head.
        var weights: Double { layers * 12 * hidden * hidden + 6563 * hidden }
        /// Keys and values in 16 bits, of a voice, a sentence and half of what is spoken.
        var cacheBytes: Double { layers * 2 * hidden * 2 * 456 }
    }

    // MARK: Sound

    /// Multiply-adds of a second of sound, made as a piece of 25 tokens in two steps of the flow. It sees a prompt of five seconds, of
    /// which it remembers what it needs, and the two pieces before; the vocoder computes half as much again.
    private static let multiplyAdds = encoder + 2 * estimator + 1.5 * vocoder * tokens
    private static let seen = 125.0 + 3 * tokens
    private static let vocoder = 0.6125e9

    /// The layers for each token, and attention between tokens and what is seen.
    private static let encoder = (0.0565e9 + 4.55e4 * seen) * tokens
    private static let estimator = (0.1325e9 + 2.29e5 * seen) * tokens
}
