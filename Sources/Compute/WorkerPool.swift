// Fork and join over a range of rows. Workers spin for a moment between two calls, since a frame is hundreds of them,
// then sleep, so that an idle process uses no processor.
//
// A call says how many threads take part; the others sleep on. Each has a part of its own, the calling thread the first. One
// whose worker has not begun when the caller is done with its own is taken by the caller: nobody waits for a worker that sleeps,
// or that the system has taken the core away from, unless it is in the middle of its part. Smaller parts would even out more, and
// cost more than that: what is read from memory begins slowly each time (docs/kernels.md). Parts are ranges of outputs, and
// operations are invariant to where a range is cut, so results depend neither on the number of threads nor on who computes what.

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
        shared = Shared(threads: threads)
        for worker in 1..<threads { Self.start(worker, shared, name) }
    }

    deinit { shared.stop() }

    /// Runs `work` on as many parts of 0..<count, that together cover it, each a multiple of `grain` but the last; returns when
    /// all are done. One caller at a time.
    package func run<Work: ParallelWork>(_ count: Int, grain: Int, parts: Int, _ work: Work) {
        precondition((1...threads).contains(parts))
        guard parts > 1, count > grain else {
            if count > 0 { work.run(0..<count) }
            return
        }
        unsafe withUnsafePointer(to: work) { pointer in
            unsafe shared.run(Job(count: count, grain: grain, parts: parts, work: WorkPointer(pointer)))
        }
    }

    /// The same on all threads.
    package func run<Work: ParallelWork>(_ count: Int, grain: Int, _ work: Work) {
        run(count, grain: grain, parts: threads, work)
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
    /// Of each thread; the first is the caller's, which nobody wakes.
    private let seats: [Seat]
    private let unfinished = Atomic<Int>(0)  // parts of the job on offer that are not the caller's own
    // SAFETY: written by the caller before a seat's `offered` is released, read by those who claimed a part of this very job;
    // the caller does not touch it again until every part is finished, and then there is none to claim.
    nonisolated(unsafe) private var job: Job?
    // SAFETY: the caller's alone, of which there is one at a time.
    nonisolated(unsafe) private var number = 0

    /// About 100 µs: longer than what a frame computes between two forks, short enough to be nothing when it ends.
    static let spins = 4_000

    init(threads: Int) { seats = (0..<threads).map { _ in Seat() } }

    func run(_ newJob: Job) {
        unsafe job = newJob
        unsafe number += 1
        let number = unsafe number
        unfinished.store(newJob.parts - 1, ordering: .relaxed)
        for part in 1..<newJob.parts { seats[part].offer(number) }
        newJob.run(0)
        for part in 1..<newJob.parts { runIfUnclaimed(part, of: number) }
        var spins = 0
        while unfinished.load(ordering: .acquiring) != 0 {
            spins += 1
            if spins > Self.spins { sched_yield() } else { mk_pause() }
        }
        unsafe job = nil
    }

    func stop() { for seat in seats { seat.close() } }

    func work(_ worker: Int) {
        var seen = 0
        while let number = seats[worker].next(after: seen) {
            runIfUnclaimed(worker, of: number)
            seen = number
        }
    }

    private func runIfUnclaimed(_ part: Int, of number: Int) {
        guard seats[part].claim(number) else { return }
        unsafe job?.run(part)
        unfinished.wrappingSubtract(1, ordering: .releasing)
    }
}

/// A worker's: what it is offered, who computes it, and its bed. An object of its own, so that a worker waits for no other
/// one's cache line.
@safe
private final class Seat: Sendable {
    private let offered = Atomic<Int>(0)  // number of the latest job it has a part in
    private let claimed = Atomic<Int>(0)  // the latest job whose part somebody took
    private let isAsleep = Atomic<Bool>(false)
    private let isClosed = Atomic<Bool>(false)
    // SAFETY: initialised once, used through the pthread functions only.
    nonisolated(unsafe) private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    nonisolated(unsafe) private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(wake, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(wake)
        unsafe pthread_mutex_destroy(mutex)
        unsafe wake.deallocate()
        unsafe mutex.deallocate()
    }

    func offer(_ number: Int) {
        offered.store(number, ordering: .sequentiallyConsistent)
        if isAsleep.load(ordering: .sequentiallyConsistent) { rouse() }
    }

    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        rouse()
    }

    /// Whether the part of job `number` is the caller's now: nobody has it, and that job is not over.
    func claim(_ number: Int) -> Bool {
        let seen = claimed.load(ordering: .acquiring)
        guard seen < number else { return false }
        return claimed.compareExchange(expected: seen, desired: number, ordering: .acquiringAndReleasing).exchanged
    }

    /// Number of a job after that one, nil to stop.
    func next(after seen: Int) -> Int? {
        for _ in 0..<Shared.spins {
            let now = offered.load(ordering: .acquiring)
            if now != seen { return now }
            mk_pause()
        }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        isAsleep.store(true, ordering: .sequentiallyConsistent)
        defer { isAsleep.store(false, ordering: .sequentiallyConsistent) }
        while !isClosed.load(ordering: .sequentiallyConsistent) {
            let now = offered.load(ordering: .sequentiallyConsistent)
            if now != seen { return now }
            unsafe pthread_cond_wait(wake, mutex)
        }
        return nil
    }

    private func rouse() {
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_signal(wake)
        unsafe pthread_mutex_unlock(mutex)
    }
}
