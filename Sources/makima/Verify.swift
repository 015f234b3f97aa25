import ArgumentParser
import Audio
import Chatterbox
import Compute
import Glibc
import Qwen3TTS
import Speech
import Verifying

/// `makima verify`: is this engine, on this processor, equal to the official implementation?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares every stage of the engine with recorded outputs of the official implementation.",
        discussion: """
            Runs each stage on the golden's own inputs and prints the largest difference beside the tolerance that was \
            measured for it. Exit status 1 when any stage fails.
            """)

    @Option(help: ArgumentHelp("Checkpoint in the official layout.", valueName: "directory"))
    var model: String

    @Option(help: ArgumentHelp("Golden file; its manifest lies beside it as .json.", valueName: "file.safetensors"))
    var golden: String

    @Option(help: "Threads to compute with.")
    var threads = 1

    @Option(help: "Instruction set to use; the best of this processor unless named.")
    var kernels: String?

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 64.") }
        guard kernels == nil || Kernels.available.contains(where: { $0.name == kernels }) else {
            let names = Kernels.available.map(\.name).joined(separator: ", ")
            throw ValidationError("This processor runs: \(names).")
        }
    }

    func run() throws {
        let chosen = Kernels.available.first { $0.name == kernels } ?? .best
        let processor = Processor(kernels: chosen, threads: threads)
        let (report, unused) =
            ChatterboxVerification.accepts(model)
            ? try chatterbox(on: processor) : try qwen3(on: processor)
        print(Self.row("stage", "shape", "max error", "tolerance", "verdict"))
        for line in report.lines {
            print(
                Self.row(
                    line.stage, "\(line.shape)", Self.short(line.error), Self.short(line.tolerance),
                    line.passed ? "ok" : "FAILED"))
        }
        if !unused.isEmpty { print("not compared: \(unused.joined(separator: ", "))") }
        print("\(report.lines.count) stages, \(report.failures.count) failed (\(chosen.name) kernels)")
        if !report.failures.isEmpty || report.lines.isEmpty { throw ExitCode(1) }
    }

    private func qwen3(on processor: Processor) throws -> (VerificationReport, unused: [String]) {
        let goldens = try Qwen3Goldens(path: golden)
        var report = try Verification(directory: model, goldens, on: processor).run()
        try Self.resample(goldens, into: &report)
        return (report, goldens.unused)
    }

    private func chatterbox(on processor: Processor) throws -> (VerificationReport, unused: [String]) {
        let goldens = try ChatterboxGoldens(path: golden)
        var report = try ChatterboxVerification(directory: model, goldens, on: processor).run()
        if goldens.contains("ref/16k_soxr") {
            let found = try EngineList.slowed(goldens.floats("ref/loud"))
            try Self.compare(found, "ref/16k_soxr", goldens, &report)
        }
        return (report, goldens.unused)
    }

    /// Reference clips at other rates. The error is the difference's share of the signal; 45 dB below it is asked for,
    /// since resamplers differ in their filters.
    private static func resample(_ goldens: Qwen3Goldens, into report: inout VerificationReport) throws {
        for name in goldens.names(below: "resample/") where name.hasSuffix("/input") {
            let base = String(name.dropLast("input".count))
            guard let rate = Int(base.split(separator: "/").last ?? ""), goldens.contains(base + "output") else {
                continue
            }
            let clip = AudioClip(samples: try goldens.floats(name), sampleRate: rate)
            let found = try Audio.resample(clip, to: 24_000).samples
            try compare(found, base + "output", goldens, &report)
        }
    }

    private static func compare(
        _ found: [Float], _ name: String, _ goldens: Goldens<some Decodable>, _ report: inout VerificationReport
    ) throws {
        let expected = try goldens.floats(name)
        func power(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) } }
        let difference = power(zip(found, expected).map { $0 - $1 })
        let share = found.count == expected.count ? (difference / power(expected)).squareRoot() : .infinity
        report.add(name, shape: try goldens.shape(name), error: share, tolerance: pow(10, -45.0 / 20))
    }

    private static func row(_ stage: String, _ shape: String, _ error: String, _ tolerance: String, _ verdict: String)
        -> String
    {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        return pad(stage, 48) + pad(shape, 18) + pad(error, 10) + pad(tolerance, 10) + verdict
    }

    /// Two significant digits: round the value to float and print its shortest form.
    private static func short(_ value: Double) -> String {
        guard value > 0, value.isFinite else { return "\(value)" }
        let unit = pow(10, log10(value).rounded(.down) - 1)
        return "\(Float((value / unit).rounded() * unit))"
    }
}
