// What a thread of synthesis computes with: the kernels of this processor, its workers, memory its layers share.

package struct Processor {
    package let kernels: Kernels
    package let pool: WorkerPool
    let input = LinearInput()

    package init(kernels: Kernels = .best, threads: Int = 1) {
        self.kernels = kernels
        pool = WorkerPool(threads: threads)
    }
}
