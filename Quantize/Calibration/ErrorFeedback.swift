// What the inputs of a matrix say of the errors of its columns: how each is made good by the columns behind it. The arithmetic is
// in `CQuantization/error_feedback.c`.

internal import CQuantization
import Compute

/// A format whose rounding can be led by what the matrix multiplies.
package protocol FeedbackEncoding: WeightEncoding {
    /// As `encode(_:columns:)`, with errors fed on through each row.
    static func encode(_ values: [Float], _ feedback: ErrorFeedback) -> [[UInt8]]
}

/// Of one matrix; the same bits on every processor and any number of threads.
package struct ErrorFeedback: Sendable {
    package let columns: Int
    private let steps: [Float]  // [columns, columns]: F of `error_feedback.h`

    /// More columns would take gigabytes.
    static let mostColumns = 8192
    /// Beside the mean square of a column, at least: what keeps weights near to themselves where the inputs say nothing.
    static let damping = 0.01

    /// Columns that are factored together, and rows that a thread takes at least.
    private static let panel = 64
    private static let grain = 16

    /// nil where the inputs are not enough.
    init?(_ rows: MatrixInputs, damping: Double = Self.damping, on pool: WorkerPool) {
        guard rows.isEnough else { return nil }
        columns = rows.columns
        steps = Self.steps(rows, damping: damping, pool)
    }

    private static func steps(_ rows: MatrixInputs, damping least: Double, _ pool: WorkerPool) -> [Float] {
        let (columns, lanes) = (rows.columns, Int(MQ_FEEDBACK_LANES))
        let padded = (rows.count + lanes - 1) / lanes * lanes
        let inputs = rows.columnwise(padded: padded)
        return unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: columns * columns) { moments in
            let matrix = moments.baseAddress!
            pool.run(columns, grain: grain) { part in
                unsafe mq_feedback_moments(inputs, columns, padded, matrix, part.lowerBound, part.upperBound)
            }
            let damping = unsafe mq_feedback_damping(matrix, columns, rows.count, least)
            for from in stride(from: 0, to: columns, by: panel) {
                let to = min(from + panel, columns)
                unsafe mq_feedback_factor(matrix, columns, damping, from, to, from, to)
                pool.run(columns - to, grain: grain) { part in
                    unsafe mq_feedback_factor(
                        matrix, columns, damping, from, to, to + part.lowerBound, to + part.upperBound)
                }
            }
            return unsafe [Float](unsafeUninitializedCapacity: columns * columns) { steps, filled in
                let steps = steps.baseAddress!
                pool.run(columns, grain: grain) { part in
                    unsafe mq_feedback_steps(matrix, columns, steps, part.lowerBound, part.upperBound)
                }
                filled = columns * columns
            }
        }
    }

    /// Whole rows of finite values: int4 codes, two to a byte, the first in the low half, and scales in bfloat16.
    func int4(_ values: [Float]) -> (packed: [UInt8], scales: [UInt16]) {
        let group = Int(MQ_INT4_GROUP)
        precondition(columns % group == 0 && values.count % columns == 0)
        var packed = [UInt8](repeating: 0, count: values.count / 2)
        var scales = [UInt16](repeating: 0, count: values.count / group)
        var errors = [Float](repeating: 0, count: Int(MQ_FEEDBACK_ROWS) * columns)
        unsafe mq_int4_feedback(values, values.count / columns, columns, steps, &errors, &packed, &scales)
        return (packed, scales)
    }
}
