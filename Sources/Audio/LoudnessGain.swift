// Makes a voice as loud as another: a constant gain, and a limiter for the few peaks that it would raise too high.

import Glibc

/// Multiplies a stream of mono samples and keeps its true peaks at -1 dB. What needs no limiting is multiplied and nothing
/// else; the stream comes out a few milliseconds late, and whole after `finish`.
package struct LoudnessGain: Sendable {
    /// The most it raises or lowers, in dB.
    package static let range = -24.0...24.0

    /// -1 dBTP, and a hair for what the changing gain adds.
    private static let ceiling: Float = 0.8913 * 0.995

    private let gain: Float
    /// Samples that the limiter sees ahead, over which it closes: 2 ms.
    private let ahead: Int
    /// The share of what is closed that opens again with each sample: 63 % in 80 ms.
    private let release: Float
    private var meter = TruePeakMeter()
    /// Samples on their way out, the oldest first.
    private var delayed: [Float] = []
    /// What each of the last samples allows, in a ring, and the place of the next.
    private var allowed: [Float]
    private var place = 0
    private var opening: Float = 1
    /// The lowest of the last `ahead`, in a ring for the mean.
    private var lowest: [Float]
    /// Samples since the limiter last had to do anything.
    private var idle: Int

    package init(decibels: Double, sampleRate: Int) {
        precondition(supportedSampleRates.contains(sampleRate))
        let decibels = min(max(decibels, Self.range.lowerBound), Self.range.upperBound)
        gain = Float(pow(10, decibels / 20))
        ahead = sampleRate / 500
        release = 1 - Float(exp(-1 / (0.08 * Double(sampleRate))))
        allowed = [Float](repeating: 1, count: ahead)
        lowest = allowed
        idle = 2 * ahead
    }

    /// Samples that are held back.
    private var delay: Int { ahead - 1 + TruePeakMeter.delay }

    /// Takes the next samples and returns those that are ready.
    package mutating func push(_ samples: [Float]) -> [Float] {
        var output: [Float] = []
        output.reserveCapacity(samples.count)
        delayed.reserveCapacity(delay + samples.count)
        let start = delayed.count
        for sample in samples { delayed.append(sample * gain) }
        var oldest = 0
        for index in start..<delayed.count {
            let factor = factor(delayed[index])
            guard index - oldest >= delay else { continue }
            output.append(factor == 1 ? delayed[oldest] : delayed[oldest] * factor)
            oldest += 1
        }
        delayed.removeFirst(oldest)
        return output
    }

    /// The rest of the stream, which may go on afterwards.
    package mutating func finish() -> [Float] {
        let count = delayed.count
        let silence = [Float](repeating: 0, count: delay)
        defer { delayed.removeAll(keepingCapacity: true) }
        return Array(push(silence).suffix(count))
    }

    /// What to multiply the sample with that came `delay` before this one.
    private mutating func factor(_ sample: Float) -> Float {
        let peak = meter.next(sample)
        let needed = peak > Self.ceiling ? Self.ceiling / peak : 1
        idle = needed < 1 ? 0 : idle + 1
        opening = min(needed, opening + (1 - opening) * release)
        if opening > 0.9999 { opening = min(needed, 1) }
        if opening < 1 { idle = 0 }
        allowed[place] = opening
        // After a window of rest all that is remembered is 1.
        let minimum = idle >= ahead ? 1 : allowed.min() ?? 1
        lowest[place] = minimum
        place = (place + 1) % ahead
        return idle >= 2 * ahead ? 1 : lowest.reduce(0, +) / Float(ahead)
    }
}
