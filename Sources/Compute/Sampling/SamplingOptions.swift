/// How one table of logits is sampled.
package struct SamplingOptions: Sendable, Equatable {
    /// false: the best token always.
    package var sample: Bool
    package var temperature: Float
    package var topK: Int
    package var topP: Float

    package init(sample: Bool = true, temperature: Float = 0.9, topK: Int = 50, topP: Float = 1) {
        self.sample = sample
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
    }

    package static let greedy = SamplingOptions(sample: false)
}

extension SamplingOptions {
    /// Leaves what is nil as it is. No temperature at all: the best token always.
    package mutating func change(temperature: Float?, topK: Int?, topP: Float?) {
        if let temperature {
            sample = temperature > 0
            if temperature > 0 { self.temperature = temperature }
        }
        if let topK { self.topK = topK }
        if let topP { self.topP = topP }
    }
}
