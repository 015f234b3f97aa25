// The thread that the model belongs to, as the executor of an actor.

import NIOPosix

/// Runs the jobs of one actor in the order they come, on a thread of its own, so that seconds of computing never hold up
/// the threads that serve sockets.
final class SynthesisThread: SerialExecutor {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init() {
        pool.start()
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
