// Fork and join over a range of rows. Workers spin for a moment between two calls, since a frame is hundreds of them,
// then sleep, so that an idle process uses no processor.
//
// The calling thread takes the first part. Parts are ranges of outputs, and operations are invariant to where a range
// is cut, so results do not depend on the number of threads.

internal import CKernels
import Glibc
import Synchronization

/// Something to be done for each of a range of outputs, in any order. A type rather than a closure: handing a closure to
/// another thread allocates memory, and a frame forks hundreds of times.
package protocol ParallelWork {
    func run(_ part: Range<Int>)
}

@safe
package final class WorkerPool: Sendable {
    package let threads: Int
    private let shared: Shared

    /// `name`, of at most 15 bytes, is what a debugger or `top -H` shows for a worker.
    package init(threads: Int, name: String = "compute") {
        precondition(threads >= 1)
        self.threads = threads
        shared = Shared(workers: threads - 1)
        for worker in 1..<max(threads, 1) { Self.start(worker, shared, name) }
    }

    deinit { shared.stop() }

    /// Runs `work` on parts of 0..<count that together cover it, each a multiple of `grain` but the last; returns when all
    /// are done. One caller at a time.
    package func run<Work: ParallelWork>(_ count: Int, grain: Int, _ work: Work) {
        guard threads > 1, count > grain else {
            if count > 0 { work.run(0..<count) }
            return
        }
        unsafe withUnsafePointer(to: work) { pointer in
            unsafe shared.run(Job(count: count, grain: grain, parts: threads, work: WorkPointer(pointer)))
        }
    }

    /// The same with a closure, which costs an allocation when there is more than one thread.
    package func run(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        guard threads > 1, count > grain else {
            if count > 0 { body(0..<count) }
            return
        }
        withoutActuallyEscaping(body) { run(count, grain: grain, ClosureWork(body: $0)) }
    }

    private static func start(_ worker: Int, _ shared: Shared, _ name: String) {
        let box = unsafe Unmanaged.passRetained(WorkerStart(worker: worker, shared: shared, name: name))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                let start = unsafe Unmanaged<WorkerStart>.fromOpaque(argument!).takeRetainedValue()
                unsafe mk_name_thread(start.name)
                start.shared.work(start.worker)
                return nil
            }, box.toOpaque())
        precondition(status == 0, "no thread could be started")
        pthread_detach(thread)
    }
}

private final class WorkerStart {
    let worker: Int
    let shared: Shared
    let name: String
    init(worker: Int, shared: Shared, name: String) {
        self.worker = worker
        self.shared = shared
        self.name = name
    }
}

private struct ClosureWork: ParallelWork {
    let body: (Range<Int>) -> Void
    func run(_ part: Range<Int>) { body(part) }
}

/// Work of any type in the size of a pointer, which an existential holds without allocating.
@safe
private struct WorkPointer<Work: ParallelWork>: ParallelWork {
    private let work: UnsafePointer<Work>

    /// The work outlives this value: `WorkerPool.run` returns after every worker has finished.
    init(_ work: UnsafePointer<Work>) { unsafe self.work = work }
    func run(_ part: Range<Int>) { unsafe work.pointee.run(part) }
}

private struct Job {
    let count: Int
    let grain: Int
    let parts: Int
    let work: any ParallelWork

    func part(_ index: Int) -> Range<Int> {
        let grains = (count + grain - 1) / grain
        return min(grains * index / parts * grain, count)..<min(grains * (index + 1) / parts * grain, count)
    }

    func run(_ index: Int) {
        let range = part(index)
        if !range.isEmpty { work.run(range) }
    }
}

@safe
private final class Shared: Sendable {
    private let workers: Int
    private let sequence = Atomic<Int>(0)  // number of the job on offer; -1 to stop
    private let running = Atomic<Int>(0)  // workers that have not finished it
    private let sleeping = Atomic<Int>(0)
    // SAFETY: written by the caller before `sequence` is released and read by workers after they acquired it; the caller
    // does not touch it again until `running` is back at zero.
    nonisolated(unsafe) private var job: Job?
    // SAFETY: initialised once, used through the pthread functions only.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// About 100 µs: longer than what a frame computes between two forks, short enough to be nothing when it ends.
    private static let spins = 4_000

    init(workers: Int) {
        self.workers = workers
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(wake, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(wake)
        unsafe pthread_mutex_destroy(mutex)
        unsafe wake.deallocate()
        unsafe mutex.deallocate()
    }

    func run(_ newJob: Job) {
        unsafe job = newJob
        running.store(workers, ordering: .relaxed)
        sequence.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
        newJob.run(0)
        var spins = 0
        while running.load(ordering: .acquiring) != 0 {
            spins += 1
            if spins > Self.spins { sched_yield() } else { mk_pause() }
        }
        unsafe job = nil
    }

    func stop() {
        sequence.store(-1, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    func work(_ worker: Int) {
        var seen = 0
        while true {
            seen = next(after: seen)
            if seen < 0 { return }
            unsafe job?.run(worker)
            running.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func next(after seen: Int) -> Int {
        for _ in 0..<Self.spins {
            let now = sequence.load(ordering: .acquiring)
            if now != seen { return now }
            mk_pause()
        }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let now = sequence.load(ordering: .sequentiallyConsistent)
            if now != seen { return now }
            unsafe pthread_cond_wait(wake, mutex)
        }
    }

    private func wakeAll() {
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_broadcast(wake)
        unsafe pthread_mutex_unlock(mutex)
    }
}
