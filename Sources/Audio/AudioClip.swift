// A piece of sound that is held in memory whole.

/// Mono samples, nominally in -1...1.
package struct AudioClip: Sendable, Equatable {
    package var samples: [Float]  // [frames]
    package var sampleRate: Int  // Hz

    package init(samples: [Float], sampleRate: Int) {
        self.samples = samples
        self.sampleRate = sampleRate
    }

    /// Length in seconds.
    package var duration: Double { Double(samples.count) / Double(sampleRate) }
}
