// A thread of its own as the executor of an actor.

import Glibc
import NIOPosix

/// Runs the jobs of one actor in the order they come, so that seconds of computing never hold up the threads that serve
/// sockets.
final class SynthesisThread: SerialExecutor {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    /// - Parameter niceness: 0 to 19: how far others go first.
    init(niceness: Int32 = 0) {
        pool.start()
        // On Linux a thread has a priority of its own.
        if niceness > 0 { pool.submit { _ in setpriority(.init(PRIO_PROCESS.rawValue), 0, niceness) } }
    }

    deinit {
        // Lets the thread end by itself: the last reference may well be dropped on it.
        pool.shutdownGracefully { _ in }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.submit { [self] _ in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
