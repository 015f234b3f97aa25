// Codes to measure and test the decoder with.

extension CodecConfiguration {
    /// Frames of codes, the same for the same seed.
    package func randomCodes(_ frames: Int, seed: Int) -> [[Int]] {
        var state = UInt64(seed)
        return (0..<frames).map { _ in
            (0..<decoder.quantizers).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % decoder.codebookSize
            }
        }
    }
}
