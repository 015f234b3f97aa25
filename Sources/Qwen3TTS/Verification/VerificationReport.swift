// The table of a verification: one line for each stage compared.

import Compute

package struct VerificationReport {
    package struct Line: Sendable, Equatable {
        package let stage: String
        package let shape: [Int]
        /// Largest absolute difference, or the number of differing integers.
        package let error: Double
        package let tolerance: Double
        package var passed: Bool { error <= tolerance }
    }

    package private(set) var lines: [Line] = []

    package init() {}

    package var failures: [Line] { lines.filter { !$0.passed } }

    /// A line whose error was found elsewhere.
    package mutating func add(_ stage: String, shape: [Int], error: Double, tolerance: Double) {
        lines.append(Line(stage: stage, shape: shape, error: error, tolerance: tolerance))
    }

    /// Where one of the two excludes a value (-∞), the other must too.
    package mutating func compare(_ name: String, _ value: [Float], with goldens: Goldens) throws {
        let expected = try goldens.floats(name)
        var error = value.count == expected.count ? 0.0 : .infinity
        for (a, b) in zip(value, expected) where a != b {
            let difference = abs(Double(a) - Double(b))
            error = max(error, difference.isNaN ? .infinity : difference)
        }
        add(name, shape: try goldens.shape(name), error: error, tolerance: goldens.tolerance(name))
    }

    package mutating func compare(_ name: String, _ value: [Int], with goldens: Goldens) throws {
        let expected = try goldens.integers(name)
        let differing = zip(value, expected).count { $0 != $1 } + abs(value.count - expected.count)
        add(name, shape: try goldens.shape(name), error: Double(differing), tolerance: 0)
    }
}

/// Collects what a layer's trace shows, in order. Convolution stages are stored [channels, time], ours are [time, channels].
final class StageRecorder {
    private(set) var stages: [(name: String, values: [Float])] = []
    private let keeps: (String) -> Bool
    private let isTimeMajor: (String) -> Bool

    /// `keeps`: whether a stage is wanted. `isTimeMajor`: whether it is stored [time, channels].
    init(keeps: @escaping (String) -> Bool, isTimeMajor: @escaping (String) -> Bool) {
        self.keeps = keeps
        self.isTimeMajor = isTimeMajor
    }

    func record(_ name: String, _ rows: Rows) {
        guard keeps(name) else { return }
        stages.append((name, isTimeMajor(name) ? rows.values : rows.transposedValues))
    }
}

extension Rows {
    /// Column by column.
    fileprivate var transposedValues: [Float] {
        (0..<columns).flatMap { column in (0..<rows).map { self[$0, column] } }
    }
}
