import Compute
import FoundationEssentials
import Glibc
import Testing

/// Counts how often each output was computed, without a lock: parts do not overlap, and the thread sanitizer sees if they do.
private struct Counts: ParallelWork {
    private let outputs: Rows

    init(_ count: Int) { outputs = Rows(rows: 1, columns: count) }

    func run(_ part: Range<Int>) { for index in part { outputs[0, index] += 1 } }

    func areAll(_ number: Float) -> Bool { outputs.values.allSatisfy { $0 == number } }
}

@Suite struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 7], [0, 1, 31, 32, 33, 1000])
    func everyOutputIsComputedOnce(threads: Int, count: Int) {
        let pool = WorkerPool(threads: threads)
        let counts = Counts(count)
        for _ in 0..<50 { pool.run(count, grain: 32, counts) }
        #expect(counts.areAll(50))
    }

    /// Calls of few threads among calls of many: those that take no part sleep through them.
    @Test func anyNumberOfThreadsTakesPart() {
        let pool = WorkerPool(threads: 4)
        let counts = Counts(1000)
        for round in 0..<2000 { pool.run(1000, grain: 32, parts: 1 + round % 4, counts) }
        #expect(counts.areAll(2000))
    }

    /// What is written before a fork is seen by the workers, and what they write is seen after it.
    @Test func forksSeeEachOthersWrites() {
        struct Sums: ParallelWork {
            let from: Rows
            let to: Rows
            func run(_ part: Range<Int>) { for index in part { to[0, index] = from[0, from.columns - 1 - index] + 1 } }
        }
        let pool = WorkerPool(threads: 3)
        let rows = [Rows(rows: 1, columns: 96), Rows(rows: 1, columns: 96)]
        for round in 0..<2000 { pool.run(96, grain: 8, Sums(from: rows[round % 2], to: rows[1 - round % 2])) }
        #expect(rows[0].values == [Float](repeating: 2000, count: 96))
    }

    /// More workers than cores, all of them busy elsewhere or asleep: the caller takes what they have not begun.
    @Test func callersDoNotWaitForWorkersThatSleep() {
        let pools = (0..<4).map { _ in WorkerPool(threads: 8) }
        for _ in 0..<20 {
            for pool in pools {
                let counts = Counts(800)
                pool.run(800, grain: 1, counts)
                #expect(counts.areAll(1))
            }
            usleep(500)  // long enough for the workers to fall asleep
        }
    }

    private static let name = "idle test"

    /// Workers that have nothing to do sleep: the process uses next to no time of any core.
    @Test func idleWorkersUseNoProcessor() {
        let pool = WorkerPool(threads: 4, name: Self.name)
        pool.run(1000, grain: 1, Counts(1000))
        usleep(50_000)
        let before = workerTicks()
        usleep(400_000)
        let used = workerTicks() - before
        #expect(used <= 4, "\(used) hundredths of a second in 0.4 s")
        pool.run(1000, grain: 1, Counts(1000))
    }

    /// Hundredths of a second that the workers of that name have used.
    private func workerTicks() -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.reduce(0) { $0 + Self.ticks(ofTask: $1) }
    }

    private static func ticks(ofTask task: String) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/task/\(task)/stat", encoding: .utf8),
            text.contains("(\(name))"), let end = text.lastIndex(of: ")")
        else { return 0 }
        // After the name: state is field 3, user and system time are fields 14 and 15.
        let fields = text[text.index(after: end)...].split(separator: " ")
        return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
    }

    @Test func measuredProcessorComputes() {
        let processor = Processor.measured()
        #expect(processor.threads >= 1 && processor.threads <= Processor.cores)
    }
}
