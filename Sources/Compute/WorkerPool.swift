// Fork and join over a range of rows. Workers spin for a moment between two calls, since a frame is hundreds of them,
// then sleep, so that an idle process uses no processor.
//
// Each thread has a part of its own, the calling thread the first. One whose worker has not begun when the caller is done
// with its own is taken by the caller: nobody waits for a worker that sleeps, or that the system has taken the core away from,
// unless it is in the middle of its part. Smaller parts would even out more, and cost more than that: what is read from memory
// begins slowly each time (docs/kernels.md). Parts are ranges of outputs, and operations are invariant to where a range is
// cut, so results depend neither on the number of threads nor on who computes what.

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
        shared = Shared(parts: threads)
        for worker in 1..<threads { Self.start(worker, shared, name) }
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
    private let sequence = Atomic<Int>(0)  // number of the job on offer
    private let unfinished = Atomic<Int>(0)  // parts of it that are not the caller's own
    private let sleeping = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let claims: [Claim]  // of each part
    // SAFETY: written by the caller before `sequence` is released, read by those who claimed a part of this very job; the
    // caller does not touch it again until every part is finished, and then there is none to claim.
    nonisolated(unsafe) private var job: Job?
    // SAFETY: initialised once, used through the pthread functions only.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// About 100 µs: longer than what a frame computes between two forks, short enough to be nothing when it ends.
    private static let spins = 4_000

    init(parts: Int) {
        claims = (0..<parts).map { _ in Claim() }
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
        unfinished.store(claims.count - 1, ordering: .relaxed)
        let number = sequence.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
        if sleeping.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
        newJob.run(0)
        for part in 1..<claims.count { runIfUnclaimed(part, of: number) }
        var spins = 0
        while unfinished.load(ordering: .acquiring) != 0 {
            spins += 1
            if spins > Self.spins { sched_yield() } else { mk_pause() }
        }
        unsafe job = nil
    }

    func stop() {
        isStopped.store(true, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    func work(_ worker: Int) {
        var seen = 0
        while let number = next(after: seen) {
            runIfUnclaimed(worker, of: number)
            seen = number
        }
    }

    private func runIfUnclaimed(_ part: Int, of number: Int) {
        guard claims[part].take(number) else { return }
        unsafe job?.run(part)
        unfinished.wrappingSubtract(1, ordering: .releasing)
    }

    /// Number of a job after that one, nil to stop.
    private func next(after seen: Int) -> Int? {
        for _ in 0..<Self.spins {
            let now = sequence.load(ordering: .acquiring)
            if now != seen { return now }
            mk_pause()
        }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while !isStopped.load(ordering: .sequentiallyConsistent) {
            let now = sequence.load(ordering: .sequentiallyConsistent)
            if now != seen { return now }
            unsafe pthread_cond_wait(wake, mutex)
        }
        return nil
    }

    private func wakeAll() {
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_broadcast(wake)
        unsafe pthread_mutex_unlock(mutex)
    }
}

/// Who computes a part. An object of its own, so that a worker that claims its part waits for no other one's cache line.
private final class Claim: Sendable {
    private let last = Atomic<Int>(0)  // the latest job whose part was claimed

    /// Whether the part of job `number` is the caller's now: nobody has it, and that job is not over.
    func take(_ number: Int) -> Bool {
        let seen = last.load(ordering: .acquiring)
        guard seen < number else { return false }
        return last.compareExchange(expected: seen, desired: number, ordering: .acquiringAndReleasing).exchanged
    }
}
