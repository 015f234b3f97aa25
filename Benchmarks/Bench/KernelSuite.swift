// Every kernel on every instruction set of this processor, beside what the memory and the multipliers allow.

import CBenchmark
import CKernels
import Compute

enum KernelSuite {
    /// Memory far beyond the caches.
    static let bandwidthBytes = 512 << 20

    static func machine(threads: Int) -> Results.Machine {
        Results.Machine(
            isa: Kernels.best.name, threads: threads,
            readBandwidthGBs: mb_read_bandwidth(bandwidthBytes, Int32(threads)), fmaGFLOPs: mb_fma_peak(Int32(threads)),
            blasGFLOPs: mb_blas_gflops(Int32(threads)), blasGBs: mb_blas_bandwidth(Int32(threads)),
            blasCore: unsafe mb_blas_core().map { unsafe String(cString: $0) } ?? "")
    }

    static func run(threads: Int, filter: String?) -> [Results.KernelResult] {
        var results: [Results.KernelResult] = []
        for count in Set([1, threads]).sorted() {
            let bandwidth = mb_read_bandwidth(bandwidthBytes, Int32(count))
            var set = 0
            while let table = unsafe mk_kernels_at(set) {
                set += 1
                let name = unsafe String(cString: table.pointee.name)
                for index in 0..<mb_case_count() {
                    let timing = unsafe mb_run_case(index, table, Int32(count))
                    let kernel = unsafe String(cString: timing.name)
                    if let filter, !kernel.contains(filter) { continue }
                    results.append(unsafe result(timing, kernel, isa: name, threads: count, bandwidth: bandwidth))
                }
            }
        }
        return results
    }

    private static func result(
        _ timing: mb_timing, _ kernel: String, isa: String, threads: Int, bandwidth: Double
    ) -> Results.KernelResult {
        let (seconds, bytes, flops) = unsafe (timing.seconds, timing.bytes, timing.flops)
        let speed = bytes > 0 ? bytes / seconds / 1e9 : nil
        return Results.KernelResult(
            kernel: kernel, isa: isa, threads: threads, microseconds: seconds * 1e6, gigabytesPerSecond: speed,
            bandwidthFraction: speed.map { $0 / bandwidth }, gigaOperationsPerSecond: flops / seconds / 1e9)
    }
}
