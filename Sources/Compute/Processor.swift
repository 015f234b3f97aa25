// What a thread of synthesis computes with: the kernels of this processor, its workers, memory its layers share.

internal import CKernels

package struct Processor {
    package let kernels: Kernels
    package let pool: WorkerPool
    let input = LinearInput()
    /// Attention scores, a row for each head that is computed at the same time.
    let scores = ScratchRows()
    /// Transformed inputs of a convolution and their products, a row for each worker.
    let transformed = ScratchRows()

    package init(kernels: Kernels = .best, threads: Int = 1) {
        self.kernels = kernels
        pool = WorkerPool(threads: threads)
    }

    /// Cores this process may run on.
    package static var cores: Int { Int(mk_available_cores()) }

    /// With as many threads as make reading weights faster, found by reading some: memory is what speech waits for, and
    /// on many computers fewer cores than there are saturate it. Takes some 20 ms for each count of threads.
    package static func measured(kernels: Kernels = .best) -> Processor {
        var best = Processor(kernels: kernels)
        guard cores > 1 else { return best }
        let probe = MemoryProbe()
        var time = probe.time(best)
        for threads in 2...min(cores, Self.mostThreads) {
            let candidate = Processor(kernels: kernels, threads: threads)
            let candidateTime = probe.time(candidate)
            guard candidateTime < Self.worthwhile * time else { break }
            (best, time) = (candidate, candidateTime)
        }
        return best
    }

    private static let mostThreads = 16
    /// A thread more must save this much.
    private static let worthwhile = 0.93
}

/// Memory that every call uses anew.
final class ScratchRows {
    private var buffer = FloatBuffer(count: 4096)

    func rows(_ count: Int, columns: Int) -> Rows {
        if buffer.count < count * columns { buffer = FloatBuffer(count: max(count * columns, 2 * buffer.count)) }
        return Rows(buffer: buffer, rows: count, columns: columns)
    }
}

/// An int8 layer larger than the caches of small computers.
private struct MemoryProbe {
    static let rows = 8192
    static let columns = 3072
    private let weights = FloatBuffer(count: rows * columns / 4)
    private let scales = FloatBuffer(count: rows)
    private let input = LinearInput()
    private let output = Rows(rows: 1, columns: rows)

    /// Nanoseconds of the fastest of a few passes: what disturbs a measurement only makes it longer.
    func time(_ processor: Processor) -> Double {
        input.load(Rows(rows: 1, columns: Self.columns), .bytes, processor.kernels)
        let work = Work(
            weights: weights, scales: scales, input: input, output: output, kernels: processor.kernels)
        var fastest = Duration.seconds(1)
        for _ in 0..<5 {
            fastest = min(fastest, ContinuousClock().measure { processor.pool.run(Self.rows, grain: 32, work) })
        }
        return fastest / .nanoseconds(1)
    }

    @safe
    private struct Work: ParallelWork {
        let weights: FloatBuffer
        let scales: FloatBuffer
        let input: LinearInput
        let output: Rows
        let kernels: Kernels

        func run(_ part: Range<Int>) {
            unsafe kernels.table.pointee.linear_q8(
                output.pointer, output.stride,
                UnsafeRawPointer(weights.base).assumingMemoryBound(to: Int8.self), scales.base, nil, input.bytes(0),
                input.scale(0), 1, MemoryProbe.columns, part.lowerBound, part.upperBound)
        }
    }
}
