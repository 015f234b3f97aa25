import ArgumentParser
import Files
import FoundationEssentials
import Quantization

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "First audio, gaps, throughput and cancelling as clients of the server see them.",
        discussion: """
            Runs the appliance's server in this process and speaks to it over WebSockets, with each number of clients in turn. \
            Clients cancel when they have what is measured. With --synthetic it measures random weights of the 0.6B shape, \
            and writes up to 1.3 GB to the temporary folder (TMPDIR) while it runs.

            EXAMPLES
              makima-bench serve
              makima-bench serve --synthetic int8 --clients 1,4 --json
            """)

    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Folder of a checkpoint in place of the built-in model.", valueName: "directory"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Random weights of the 0.6B shape in this format.", valueName: Recipe.names.joined(separator: "|")))
    var synthetic: String?

    @Option(help: ArgumentHelp("Numbers of clients that speak at once.", valueName: "1,2,4,8"))
    var clients = "1,2,4,8"

    @Option(help: "Utterances measured for each number of clients.")
    var utterances = 24

    @Option(help: "Pieces of sound (80 ms each) of an utterance.")
    var frames = 25

    private var counts: [Int?] { clients.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) } }

    func validate() throws {
        guard counts.allSatisfy({ (1...64).contains($0 ?? 0) }) else {
            throw ValidationError("--clients takes numbers from 1 to 64, separated by commas.")
        }
        if let synthetic, !Recipe.names.contains(synthetic) {
            throw ValidationError(
                "There is no format \(synthetic). There are: \(Recipe.names.joined(separator: ", ")).")
        }
        guard synthetic == nil || model == nil else { throw ValidationError("Give --model or --synthetic, not both.") }
        guard (1...1000).contains(utterances) else {
            throw ValidationError("--utterances takes a number from 1 to 1000.")
        }
        guard (2...2000).contains(frames) else { throw ValidationError("--frames takes a number from 2 to 2000.") }
    }

    func run() async throws {
        let checkpoint = try synthetic.map { try SyntheticCheckpoint(.named($0)) }
        defer { withExtendedLifetime(checkpoint) {} }
        var results = Results()
        results.machine = KernelSuite.machine(threads: output.threads)
        results.serve = try await ServeSuite(
            model: checkpoint?.directory ?? model ?? SourceTree.folder("Models/makima-mini"),
            isSynthetic: checkpoint != nil, voices: SourceTree.folder("Voices"), threads: output.threads,
            clients: counts.compactMap { $0 }, utterances: utterances, frames: frames
        ).run()
        try output.show(results)
    }
}

/// The repository this program was built in.
enum SourceTree {
    static func folder(_ name: String) throws -> String {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        guard let found = FileSystem.folders(above: program).first(where: { FileSystem.exists($0 + "/" + name) }) else {
            throw BenchError(reason: "\(program) does not lie in the source tree, where \(name) would be.")
        }
        return found + "/" + name
    }
}
