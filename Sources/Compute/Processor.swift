// What a thread of synthesis computes with: the kernels of this processor, its workers, memory its layers share.

internal import CKernels

package struct Processor {
    package let kernels: Kernels
    /// That compute together, of the pool's.
    private(set) package var threads: Int
    let observer: (any ProductObserver)?
    private let pool: WorkerPool
    /// nil where every stage has all threads.
    private let stages: StageThreads?
    let input = LinearInput()
    /// Attention scores, a row for each head that is computed at the same time.
    let scores = ScratchRows()
    /// Transformed inputs of a convolution and their products, a row for each worker.
    let transformed = ScratchRows()
    /// A signal on its way into a layer.
    private let passing = ScratchRows()

    /// With a fixed number of threads. `observer` sees what linear layers multiply.
    package init(kernels: Kernels = .best, threads: Int = 1, observer: (any ProductObserver)? = nil) {
        self.kernels = kernels
        self.threads = threads
        self.observer = observer
        pool = WorkerPool(threads: threads)
        stages = nil
    }

    private init(kernels: Kernels, _ pool: WorkerPool, threads: Int) {
        self.kernels = kernels
        self.threads = threads
        observer = nil
        self.pool = pool
        stages = pool.threads > 1 ? StageThreads(threads, most: pool.threads) : nil
    }

    /// Memory for rows that one layer reads, until this is asked again. It holds whatever was in it.
    package func passing(rows: Int, columns: Int) -> Rows { passing.rows(rows, columns: columns) }

    /// Cores this process may run on.
    package static var cores: Int { Int(mk_available_cores()) }

    /// With as many threads for each stage as make it faster, which is found while it runs. It begins with those that make
    /// reading weights faster: memory is what speech waits for, and on many computers fewer cores than there are saturate it.
    /// Takes some 20 ms for each count of threads.
    package static func measured(kernels: Kernels = .best) -> Processor {
        let pool = WorkerPool(threads: most)
        let probe = MemoryProbe(kernels)
        var threads = 1
        var time = probe.time(pool, threads)
        while threads < pool.threads {
            let candidate = probe.time(pool, threads + 1)
            guard candidate < ThreadTuner.worthwhile * time else { break }
            threads += 1
            time = candidate
        }
        return Processor(kernels: kernels, pool, threads: threads)
    }

    /// Threads that are worth trying.
    static var most: Int { min(cores, 16) }

    /// Runs a stage with as many threads as suit it. Calls of another shape are not compared, nor those that give nil since
    /// they ended early.
    @discardableResult
    package func at<Result>(_ stage: Stage, shape: Int, _ body: (Processor) -> Result?) -> Result? {
        guard let stages else { return body(self) }
        var processor = self
        processor.threads = stages.next(stage, shape)
        let began = ContinuousClock.now
        let result = body(processor)
        if result != nil { stages.took((ContinuousClock.now - began) / .seconds(1), stage, shape) }
        return result
    }

    /// Runs `work` on parts of 0..<count, each a multiple of `grain` but the last; returns when all are done.
    package func run<Work: ParallelWork>(_ count: Int, grain: Int, _ work: Work) {
        pool.run(count, grain: grain, parts: threads, work)
    }
}

/// What the stages of a processor compute with.
private final class StageThreads {
    private var tuners: [ThreadTuner]

    init(_ threads: Int, most: Int) {
        tuners = Stage.allCases.map { _ in ThreadTuner(threads, most: most) }
    }

    func next(_ stage: Stage, _ shape: Int) -> Int { tuners[stage.rawValue].next(shape) }

    func took(_ time: Double, _ stage: Stage, _ shape: Int) { tuners[stage.rawValue].took(time, shape) }
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
    private let kernels: Kernels

    init(_ kernels: Kernels) {
        self.kernels = kernels
        input.load(Rows(rows: 1, columns: Self.columns), .bytes, kernels)
    }

    /// Seconds of the fastest of a few passes: what disturbs a measurement only makes it longer.
    func time(_ pool: WorkerPool, _ threads: Int) -> Double {
        let work = Work(weights: weights, scales: scales, input: input, output: output, kernels: kernels)
        var fastest = Duration.seconds(1)
        for _ in 0..<5 {
            let time = ContinuousClock().measure { pool.run(Self.rows, grain: 32, parts: threads, work) }
            fastest = min(fastest, time)
        }
        return fastest / .seconds(1)
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
