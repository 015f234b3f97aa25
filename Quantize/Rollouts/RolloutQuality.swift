// The source's rollouts beside the quantized model's, figure by figure. The source is not the same with every seed either: how
// far it spreads is how far the quantized model may be off.

package struct RolloutQuality: Codable, Sendable, Equatable {
    package struct Figure: Codable, Sendable, Equatable {
        package let name: String
        package let unit: String
        /// The mean of the rollouts that have the figure; nil where none has.
        package let source: Double
        package let quantized: Double?
        /// Where the quantized model's mean may lie: from the source's lowest value to its highest, wider on each side by their
        /// standard deviation, or by what nobody hears. No lowest for what cannot be too little.
        package let lowest: Double?
        package let highest: Double

        package var isWithin: Bool { quantized.map { $0 >= lowest ?? $0 && $0 <= highest } ?? false }
    }

    /// By chance one of so many figures may lie outside.
    package static let mostOutside = 1

    /// Of each rollout, at most.
    package let seconds: Int
    package let characters: Int
    package let source: [Rollout]
    package let quantized: [Rollout]
    package let figures: [Figure]

    init(_ options: RolloutOptions, source: [Rollout], quantized: [Rollout]) {
        seconds = options.seconds
        characters = options.text.count
        self.source = source
        self.quantized = quantized
        figures = Measure.all.compactMap { $0.figure(source, quantized) }
    }

    package var outside: [Figure] { figures.filter { !$0.isWithin } }

    package var passesGate: Bool {
        outside.count <= Self.mostOutside && !quantized.contains { $0.end == .notFinite }
    }
}

// MARK: Figures

/// A number that a rollout has.
private struct Measure {
    let name: String
    let unit: String
    /// A difference that nobody hears, or that says nothing.
    let tolerance: Double
    var isDistance = false
    let value: (Rollout) -> Double?

    static var all: [Measure] {
        [
            Measure(name: "length", unit: "s", tolerance: 1) { $0.seconds },
            Measure(name: "share that ended", unit: "", tolerance: 0.34) { $0.end == .endOfSpeech ? 1 : 0 },
            Measure(name: "loudness", unit: "dB", tolerance: 1) { $0.sound?.loudness },
            Measure(name: "loudness, second half over first", unit: "dB", tolerance: 1) { $0.sound?.loudnessDrift },
            Measure(name: "share of silence", unit: "", tolerance: 0.02) { $0.sound?.silentShare },
            Measure(name: "longest silence", unit: "s", tolerance: 0.3) { $0.sound?.longestSilence },
            Measure(name: "share with a pitch", unit: "", tolerance: 0.03) { $0.sound?.voicedShare },
            Measure(name: "pitch above 100 Hz", unit: "semitones", tolerance: 0.5) {
                ($0.sound?.pitch).map(SoundFigures.semitones)
            },
            Measure(name: "pitch, between quartiles", unit: "semitones", tolerance: 0.5) { $0.sound?.pitchSpread },
            Measure(name: "pitch, second half over first", unit: "semitones", tolerance: 0.5) { $0.sound?.pitchDrift },
            distance("first codebook, first half", half: 0) { $0.first },
            distance("first codebook, second half", half: 1) { $0.first },
            distance("other codebooks, first half", half: 0) { mean($0.dropFirst()) },
            distance("other codebooks, second half", half: 1) { mean($0.dropFirst()) },
        ]
    }

    private static func distance(
        _ name: String, half: Int, _ value: @escaping (ArraySlice<Double>) -> Double?
    ) -> Measure {
        Measure(name: name, unit: "bits", tolerance: 0.01, isDistance: true) { value($0.codeDistances[half][...]) }
    }

    /// nil where too few of the source's rollouts have it to know how it spreads.
    func figure(_ source: [Rollout], _ quantized: [Rollout]) -> RolloutQuality.Figure? {
        let known = source.compactMap(value)
        guard known.count > 1, let center = Self.mean(known[...]) else { return nil }
        let variance = known.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(known.count - 1)
        let margin = max(variance.squareRoot(), tolerance)
        return RolloutQuality.Figure(
            name: name, unit: unit, source: center, quantized: Self.mean(quantized.compactMap(value)[...]),
            lowest: isDistance ? nil : known.min()! - margin, highest: known.max()! + margin)
    }

    private static func mean(_ values: ArraySlice<Double>) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

// MARK: As text

extension RolloutQuality {
    var lines: [String] {
        let width = figures.map(\.name.count).max() ?? 0
        let head =
            "\(source.count) rollouts of each model, \(seconds) s at most, of a text of \(characters) characters; "
        return ["", head + "means, and where the source's own spread lets the quantized model's lie:"]
            + figures.map { $0.line(width) } + [verdict]
    }

    private var verdict: String {
        let broken = quantized.count { $0.end == .notFinite }
        if broken > 0 { return "BELOW THE GATE: \(broken) of \(quantized.count) rollouts gave no numbers." }
        let count = outside.count
        let names = outside.map(\.name).joined(separator: "; ")
        if count == 0 { return "Every figure lies where the source's do." }
        return passesGate
            ? "One of \(figures.count) figures lies outside, which may be chance: \(names)."
            : "BELOW THE GATE: \(count) of \(figures.count) figures lie outside, so long speech drifts: \(names)."
    }
}

extension RolloutQuality.Figure {
    fileprivate func line(_ width: Int) -> String {
        let name = name + String(repeating: " ", count: width - name.count)
        let range = (lowest.map { fixed($0, 3) + " to " } ?? "up to ") + fixed(highest, 3)
        let numbers = "\(fixed(source, 3)) → \(quantized.map { fixed($0, 3) } ?? "none")"
        return "  \(name)  \(numbers) (\(range))\(unit.isEmpty ? "" : " " + unit)\(isWithin ? "" : "  OUTSIDE")"
    }
}
