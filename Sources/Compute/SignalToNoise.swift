import Glibc

/// How far values are from those they stand for.
package struct Deviation: Sendable {
    /// Sums of squares.
    package private(set) var signal = 0.0
    package private(set) var noise = 0.0
    package private(set) var largest: Float = 0

    package init() {}

    package init(_ values: some Collection<Float>, from source: some Collection<Float>) { add(values, from: source) }

    /// Takes more values in, as many as there are of `source`.
    package mutating func add(_ values: some Collection<Float>, from source: some Collection<Float>) {
        precondition(values.count == source.count, "\(values.count) values stand for \(source.count)")
        for (value, expected) in zip(values, source) {
            let difference = Double(value) - Double(expected)
            signal += Double(expected) * Double(expected)
            noise += difference * difference
            largest = max(largest, Float(abs(difference)))
        }
    }

    /// Signal to noise: 10·log10(Σ source² / Σ (source - value)²); nil where there is no noise.
    package var decibels: Double? { noise > 0 ? 10 * log10(signal / noise) : nil }

    package static func += (sum: inout Deviation, other: Deviation) {
        sum.signal += other.signal
        sum.noise += other.noise
        sum.largest = max(sum.largest, other.largest)
    }
}
