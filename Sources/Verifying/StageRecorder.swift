package import Compute

/// Collects what a layer's trace shows, in order. Convolution stages are stored [channels, time], ours are [time, channels].
package final class StageRecorder {
    package private(set) var stages: [(name: String, values: [Float])] = []
    private let keeps: (String) -> Bool
    private let isTimeMajor: (String) -> Bool

    /// `keeps`: whether a stage is wanted. `isTimeMajor`: whether it is stored [time, channels].
    package init(keeps: @escaping (String) -> Bool, isTimeMajor: @escaping (String) -> Bool) {
        self.keeps = keeps
        self.isTimeMajor = isTimeMajor
    }

    package func record(_ name: String, _ rows: Rows) {
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
