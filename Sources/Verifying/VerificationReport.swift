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
    package mutating func compare(_ name: String, _ value: [Float], with goldens: Goldens<some Decodable>) throws {
        let expected = try goldens.floats(name)
        var error = value.count == expected.count ? 0.0 : .infinity
        for (a, b) in zip(value, expected) where a != b {
            let difference = abs(Double(a) - Double(b))
            error = max(error, difference.isNaN ? .infinity : difference)
        }
        add(name, shape: try goldens.shape(name), error: error, tolerance: goldens.tolerance(name))
    }

    package mutating func compare(_ name: String, _ value: [Int], with goldens: Goldens<some Decodable>) throws {
        let expected = try goldens.integers(name)
        let differing = zip(value, expected).count { $0 != $1 } + abs(value.count - expected.count)
        add(name, shape: try goldens.shape(name), error: Double(differing), tolerance: 0)
    }
}
