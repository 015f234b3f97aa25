import ArgumentParser

struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec", abstract: "The codec decoder in each precision on each instruction set, one thread.",
        discussion: """
            Milliseconds are processor time of a frame of 80 ms, the median of all; decibels are those of the whole waveform \
            against float32.

            EXAMPLE
              makima-bench codec Models/makima-mini --precision int16,int8 --kernels avx512vnni,avx2
            """)

    @Argument(help: ArgumentHelp("A checkpoint in the official layout.", valueName: "directory"))
    var model: String

    @Option(help: ArgumentHelp("What to compute with.", valueName: CodecSuite.precisions.joined(separator: ",")))
    var precision = CodecSuite.precisions.joined(separator: ",")

    @Option(help: ArgumentHelp("Instruction sets; all this processor has without it.", valueName: "names"))
    var kernels = CodecSuite.sets.filter { $0 != "scalar" }.joined(separator: ",")

    @Option(help: "Frames to decode.")
    var frames = 40

    private func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }

    func validate() throws {
        for name in list(precision) where !CodecSuite.isPrecision(name) {
            throw ValidationError(
                "There is no precision \(name). There are: \(CodecSuite.precisions.joined(separator: ", ")).")
        }
        for name in list(kernels) where !CodecSuite.sets.contains(name) {
            throw ValidationError(
                "This processor has no kernels \(name). It has: \(CodecSuite.sets.joined(separator: ", ")).")
        }
        guard (10...2000).contains(frames) else { throw ValidationError("--frames takes a number from 10 to 2000.") }
    }

    func run() throws {
        let suite = try CodecSuite(directory: model)
        print(CodecSuite.table(try suite.run(precisions: list(precision), sets: list(kernels), frames: frames)))
    }
}
