// What a thread of synthesis computes with: the kernels of this processor and its workers.

package struct Processor {
    package let kernels: Kernels
    package let pool: WorkerPool

    package init(kernels: Kernels = .best, threads: Int = 1) {
        self.kernels = kernels
        pool = WorkerPool(threads: threads)
    }
}
