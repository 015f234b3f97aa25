// `makima-bench`: figures for docs/performance.md. Absolute times belong to the machine and the minute; compare ratios from
// one run, or two runs on one machine with --compare.

import ArgumentParser
import Chatterbox
import Compute
import FoundationEssentials
import Glibc
import ModelFile
import Quantization
import Qwen3TTS
import Speech

@main
struct MakimaBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makima-bench",
        abstract: "Measures kernels, the whole engine and the server beside what this machine allows.",
        discussion: """
            EXAMPLES
              makima-bench kernels
              makima-bench engine --format int8,int4 --json > now.json
              makima-bench engine --engine chatterbox
              makima-bench engine --compare now.json
            """,
        subcommands: [
            KernelsCommand.self, EngineCommand.self, CodecCommand.self, AllocationsCommand.self, ServeCommand.self,
        ])
}

struct OutputOptions: ParsableArguments {
    @Option(help: "Threads to compute with.")
    var threads = min(2, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    @Flag(help: "Print JSON with stable keys in place of the table.")
    var json = false

    @Option(help: ArgumentHelp("Also print every number beside that of an earlier run.", valueName: "other.json"))
    var compare: String?

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 64.") }
        if let compare { _ = try Self.read(compare) }
    }

    private static func read(_ path: String) throws -> Results {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ValidationError("\(path) cannot be read.")
        }
        guard let results = try? JSONDecoder().decode(Results.self, from: data) else {
            throw ValidationError("\(path) was not written by makima-bench --json.")
        }
        return results
    }

    func show(_ results: Results) throws {
        print(json ? try results.json() : results.table)
        if let compare { print("\n" + (try results.comparison(with: Self.read(compare)))) }
    }
}

struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "Every kernel on every instruction set of this processor.")

    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Only kernels whose name holds this.", valueName: "name"))
    var only: String?

    func run() throws {
        let others = OtherPrograms()
        var results = Results()
        results.machine = KernelSuite.machine(threads: output.threads)
        results.kernels = KernelSuite.run(threads: output.threads, filter: only)
        results.machine.othersPercent = others.percent
        try output.show(results)
    }
}

struct EngineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Loading, first audio, frames and their stages, on random weights of the released shapes.",
        discussion: "Writes up to 1.5 GB to the temporary folder (TMPDIR) while it runs.")

    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "What to measure: qwen3 of the 0.6B shape, or chatterbox, Nano and Turbo (default: what --model is, else qwen3).",
            valueName: "name"))
    var engine: String?

    @Option(
        help: ArgumentHelp(
            "Formats to measure (default: int8,int4,bf16, of chatterbox int8).",
            valueName: Recipe.names.joined(separator: ",")))
    var format: String?

    @Option(help: "Frames of an utterance.")
    var frames = 100

    @Option(
        help: ArgumentHelp("Measure this checkpoint, as it is, in place of random weights.", valueName: "directory"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Compute with this instruction set. One of: \(Kernels.available.map(\.name).joined(separator: ", ")).",
            valueName: "name"))
    var isa = Kernels.best.name

    @Flag(inversion: .prefixedNo, help: "Measure four utterances in one batch, and a long text in pairs.")
    var batch = true

    func validate() throws {
        if model != nil, format != nil {
            throw ValidationError("A checkpoint has its format: give --model or --format.")
        }
        guard engine == nil || Self.engines.contains(engine!) else {
            throw ValidationError("There is no engine \(engine!). There are: \(Self.engines.joined(separator: ", ")).")
        }
        let known = isChatterbox ? ChatterboxSuite.formats : Recipe.names
        for name in names where !known.contains(name) {
            throw ValidationError("There is no format \(name). There are: \(known.joined(separator: ", ")).")
        }
        guard kernels != nil else {
            let known = Kernels.available.map(\.name).joined(separator: ", ")
            throw ValidationError("This processor cannot run \(isa). It can run: \(known).")
        }
        guard (20...2000).contains(frames) else { throw ValidationError("--frames takes a number from 20 to 2000.") }
    }

    private var kernels: Kernels? { Kernels.available.first { $0.name == isa } }
    private static let engines = ["qwen3", "chatterbox"]
    private var isChatterbox: Bool { engine.map { $0 == "chatterbox" } ?? (model.map(isChatterboxFolder) ?? false) }
    private var names: [String] {
        (format ?? (isChatterbox ? "int8" : "int8,int4,bf16")).split(separator: ",").map(String.init)
    }

    func run() throws {
        let others = OtherPrograms()
        var results = Results()
        results.machine = KernelSuite.machine(threads: output.threads)
        results.machine.isa = isa
        if isChatterbox {
            results.chatterbox = try chatterbox()
        } else {
            try qwen3(&results)
        }
        results.machine.othersPercent = others.percent
        try output.show(results)
    }

    private func chatterbox() throws -> [String: Results.ChatterboxResult] {
        let suite = ChatterboxSuite(threads: output.threads, frames: frames, kernels: kernels ?? .best)
        if let model {
            let information = try ChatterboxEngine.information(directory: model)
            return ["\(information.variant) \(information.format)": try suite.run(directory: model)]
        }
        var results: [String: Results.ChatterboxResult] = [:]
        for name in names {
            for variant in ChatterboxSuite.variants { results["\(variant) \(name)"] = try suite.run(variant, name) }
        }
        return results
    }

    private func qwen3(_ results: inout Results) throws {
        let suite = EngineSuite(threads: output.threads, frames: frames, kernels: kernels ?? .best)
        if let model {
            let format = try WeightFormat.name(of: Safetensors.directory(model))
            results.engine = [format: try suite.run(format, directory: model)]
            if batch { try suite.batches(format, directory: model, into: &results) }
        } else {
            results.engine = [:]
            for name in names { results.engine?[name] = try suite.run(name) }
            if batch { try suite.batches(into: &results) }
        }
    }
}

/// A test of optimised code: without optimisation the compiler itself allocates, thousands of times a frame.
struct AllocationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocations",
        abstract: "Fails when a frame, or a token of Chatterbox, in the steady state of speech allocates memory.",
        discussion: "Counts the calls of malloc and its relatives on all threads. Build it with -c release.")

    @Option(help: "The checkpoint that speaks.")
    var model: String

    @Option(help: "Threads to compute with.")
    var threads = 2

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 64.") }
    }

    func run() throws {
        let isTokens = isChatterboxFolder(model)
        let count =
            isTokens
            ? try ChatterboxSuite(threads: threads, frames: 100).allocationsPerToken(directory: model)
            : try EngineSuite(threads: threads, frames: 100).allocationsPerFrame(directory: model)
        print("allocations per \(isTokens ? "token" : "frame"): \(fixed(count, 2))")
        if count > 0 { throw ExitCode.failure }
    }
}

private func isChatterboxFolder(_ directory: String) -> Bool { ChatterboxSuite.engine.accepts(directory) }
