import ArgumentParser
import Compute
import Glibc
import ModelFile
import Qwen3TTS

/// `makima verify`: is this engine, on this processor, equal to the official implementation?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Compares talker, code predictor and codec decoder with recorded outputs of the official implementation.",
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
        let configuration = try Configuration(directory: model)
        let talker = try Talker(Safetensors.directory(model)["talker"], configuration)
        let chosen = Kernels.available.first { $0.name == kernels } ?? .best
        let decoder = try CodecDecoder(
            Safetensors.directory(model + "/speech_tokenizer")["decoder"], Configuration.codec(directory: model))
        let goldens = try Goldens(path: golden)
        let processor = Processor(kernels: chosen, threads: threads)
        var report = VerificationReport()
        try TalkerVerification(talker, goldens, on: processor).run(into: &report)
        try CodecVerification(decoder, goldens, on: processor).run(into: &report)
        for line in report.lines { print(Self.row(line)) }
        print("\(report.lines.count) stages, \(report.failures.count) failed (\(chosen.name) kernels)")
        if !report.failures.isEmpty || report.lines.isEmpty { throw ExitCode(1) }
    }

    private static func row(_ line: VerificationReport.Line) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        func short(_ value: Double) -> String {
            // Two significant digits: round the value to float and print its shortest form.
            guard value > 0, value.isFinite else { return "\(value)" }
            let unit = pow(10, log10(value).rounded(.down) - 1)
            return "\(Float((value / unit).rounded() * unit))"
        }
        return pad(line.stage, 48) + pad("\(line.shape)", 18) + pad(short(line.error), 10)
            + pad(short(line.tolerance), 10) + (line.passed ? "ok" : "FAILED")
    }
}
