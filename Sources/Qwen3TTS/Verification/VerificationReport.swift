// The table of a verification: one line for each stage compared.

package struct VerificationReport: Sendable {
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

    /// Where one of the two excludes a value (-∞), the other must too.
    package mutating func compare(
        _ stage: String, _ value: [Float], _ expected: [Float], shape: [Int], tolerance: Double
    ) {
        var error = value.count == expected.count ? 0.0 : .infinity
        for (a, b) in zip(value, expected) where a != b {
            let difference = abs(Double(a) - Double(b))
            error = max(error, difference.isNaN ? .infinity : difference)
        }
        lines.append(Line(stage: stage, shape: shape, error: error, tolerance: tolerance))
    }

    package mutating func compare(_ stage: String, _ value: [Int], _ expected: [Int], shape: [Int]) {
        let differing = zip(value, expected).count { $0 != $1 } + abs(value.count - expected.count)
        lines.append(Line(stage: stage, shape: shape, error: Double(differing), tolerance: 0))
    }
}
