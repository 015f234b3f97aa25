// `makima-quantize SRC DST`: arguments, progress bar, exit status. The work is in `Quantization`.

import ArgumentParser
import Audio
import Files
import FoundationEssentials
import Glibc
import Invocation
import Quantization

@main
struct MakimaQuantize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makima-quantize",
        abstract: "Turns a released checkpoint of Qwen3-TTS or Chatterbox into the weights that makima runs.",
        discussion: """
            Reads SRC, a folder in the official layout, and writes the new folder DST, which appears only when it is \
            whole, written to the disk and read back. What was lost is measured: for every tensor, and by letting both \
            models speak the same texts, then a minute freely with several seeds. The codec decoder is tried in 8-bit integers; where every sound stays 40 dB above \
            its difference from float32, DST records that makima is to use them. The report is printed and saved as \
            quantization_report.json in DST.

            Of Chatterbox, T3 is what talker and code predictor are below; what makes its sound and its voices is written as it is. \
            It is listened to in the voice of conds.pt, or of --reference.

            FORMATS
            \(formats)

            EXIT STATUS
              0  written, and good enough
              1  nothing was written; the message says why
              2  the command line is not understood
              3  written, but below the gate: at most 3.1 % of first codes and 21 % of the others may differ from the
                 source's, and of the figures of long speech only one may lie outside what the source does with other
                 seeds (accept that with --allow-below-gate)

            EXAMPLE
              makima-quantize Qwen3-TTS-12Hz-0.6B-Base /var/lib/makima/models/0.6b-int8 --format int8
            """)

    private static let formats = Recipe.names.map { name in
        "  \(name): \((try? Recipe.named(name))?.summary ?? "")"
    }.joined(separator: "\n")

    @Argument(help: ArgumentHelp("Folder of the released checkpoint.", valueName: "SRC"))
    var source: String

    @Argument(help: ArgumentHelp("Folder to write; must not exist.", valueName: "DST"))
    var destination: String

    @Option(help: ArgumentHelp("\(Recipe.names.joined(separator: ", ")) (default: int8).", valueName: "format"))
    var format: String?

    @Option(help: ArgumentHelp("A recipe of your own, as in Quantize/README.md.", valueName: "file.json"))
    var recipe: String?

    @Flag(help: "Write nothing; report on what lies in DST.")
    var reportOnly = false

    @Flag(help: "Exit with 0 even when the result is below the quality gate.")
    var allowBelowGate = false

    @Flag(inversion: .prefixedNo, help: "Let both models speak; this takes most of the time.")
    var listen = true

    @Flag(
        inversion: .prefixedNo,
        help: "Let the source speak first and round int4 by what its matrices multiply; not with --no-listen.")
    var calibrate = true

    @Option(
        help: ArgumentHelp(
            "How long both models speak freely with each seed, to hear whether speech drifts; 0 leaves it out.",
            valueName: "seconds"))
    var rolloutSeconds = 60

    @Option(help: ArgumentHelp("With how many seeds, for the source's own spread.", valueName: "count"))
    var rollouts = 6

    @Flag(inversion: .prefixedNo, help: "Try the codec decoder in 8 bits, and record that where it keeps 40 dB.")
    var codecInt8 = true

    @Option(help: ArgumentHelp("A clip of the voice the models speak in.", valueName: "clip.wav"))
    var reference: String?

    @Option(help: ArgumentHelp("Where SRC comes from, to be recorded.", valueName: "owner/name"))
    var repository: String?

    @Option(help: ArgumentHelp("Its revision, to be recorded.", valueName: "commit"))
    var revision: String?

    @Option(help: "Threads to compute with; as many as there are processors unless given.")
    var threads: Int?

    /// A command line that is not understood ends with 2, as shells and other tools expect.
    static func main() async {
        do {
            let command = try parse(Array(Program.arguments.dropFirst()))
            try await command.run()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            printError(fullMessage(for: error))
            Glibc.exit(2)
        }
    }

    func validate() throws {
        guard format == nil || recipe == nil else { throw ValidationError("Give --format or --recipe, not both.") }
        if let format, !Recipe.names.contains(format) {
            throw ValidationError("There is no format \(format). There are: \(Recipe.names.joined(separator: ", ")).")
        }
        if let threads, !(1...64).contains(threads) {
            throw ValidationError("--threads takes a number from 1 to 64.")
        }
        guard (0...RolloutOptions.longest).contains(rolloutSeconds) else {
            throw ValidationError("--rollout-seconds takes a number from 0 to \(RolloutOptions.longest).")
        }
        let counts = RolloutOptions.counts
        guard counts.contains(rollouts) else {
            throw ValidationError("--rollouts takes a number from \(counts.lowerBound) to \(counts.upperBound).")
        }
    }

    func run() async throws {
        let bar = ProgressBar()
        do {
            let recipe = try chosenRecipe()
            let voice = try clip()
            let options = QuantizationOptions(
                repository: repository, revision: revision, threads: workers,
                calibration: listen && calibrate ? CalibrationOptions(voice: voice) : nil,
                evaluation: evaluation(in: voice), triesCodec: codecInt8)
            let report =
                reportOnly
                ? try await reportQuality(
                    source: source, destination: destination, recipe: recipe, options: options, progress: bar.show)
                : try await quantize(
                    source: source, destination: destination, recipe: recipe, options: options, progress: bar.show)
            bar.clear()
            print(report.text)
            if report.isBelowGate && !allowBelowGate { throw ExitCode(3) }
        } catch let status as ExitCode {
            throw status
        } catch {
            bar.clear()
            printError("makima-quantize: \(error)")
            throw ExitCode(1)
        }
    }

    private var workers: Int { threads ?? max(1, min(64, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// A report goes by the recipe that the files name.
    private func chosenRecipe() throws -> Recipe {
        if let recipe {
            guard let data = try? Data(contentsOf: URL(filePath: recipe)) else {
                throw QuantizationError.badRecipe(name: recipe, reason: "the file cannot be read")
            }
            return try Recipe(json: Array(data), name: recipe)
        }
        if reportOnly && format == nil {
            guard let name = Recipe.recorded(in: destination) else {
                throw QuantizationError.nothingToReport(destination)
            }
            return try Recipe.named(name)
        }
        return try Recipe.named(format ?? "int8")
    }

    private static let sampleRate = 24_000

    private func clip() throws -> [Float]? {
        try reference.map { try resample(AudioFile.read(path: $0), to: Self.sampleRate).samples }
    }

    private func evaluation(in voice: [Float]?) -> EvaluationOptions? {
        guard listen else { return nil }
        var options = EvaluationOptions(voice: voice, threads: workers)
        if rolloutSeconds > 0 { options.rollouts = RolloutOptions(seconds: rolloutSeconds, count: rollouts) }
        return options
    }
}
