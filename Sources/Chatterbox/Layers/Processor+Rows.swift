// What passes over the rows of a signal once, divided among the workers.

import Compute

extension Processor {
    /// Calls `body` with parts of 0..<count that together cover it, of at least `grain` rows each where there are as many.
    func forRows(_ count: Int, grain: Int = 32, _ body: (Range<Int>) -> Void) {
        withoutActuallyEscaping(body) { run(count, grain: grain, RowsWork(body: $0)) }
    }

    /// Calls `body` with parts of the rows of x.
    func each(_ x: Rows, _ body: (Rows) -> Void) { forRows(x.rows) { body(x[$0]) } }

    /// y += x.
    func add(_ x: Rows, to y: Rows) { forRows(x.rows) { kernels.add(y[$0], x[$0]) } }

    /// Adds a row to every row of y.
    func add(row: Rows, to y: Rows) {
        forRows(y.rows) { part in
            for index in part { kernels.add(y[index], row) }
        }
    }
}

private struct RowsWork: ParallelWork {
    let body: (Range<Int>) -> Void
    func run(_ part: Range<Int>) { body(part) }
}
