import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import ModelStore
import Quantization
import Qwen3TTS
import Speech

extension Models {
    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetches a model from the Hugging Face hub and makes it ready to run.",
            discussion: """
                The weights are turned into 8 bits unless --format says otherwise, which needs no more than 1 GB of memory.

                Every file is checked against the hub's own hash. An interrupted pull goes on where it stopped when the same \
                command is given again. What is installed keeps working until the new model is complete.

                HF_ENDPOINT names a mirror, HF_TOKEN a token for models that ask for one. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY \
                and NO_PROXY are obeyed.
                """)

        @OptionGroup var options: StoreOptions

        @Argument(help: "Its id, as in \(ReleasedFamily.all.map(\.example).reversed().joined(separator: " or ")).")
        var name: String

        @Option(
            help:
                "How the weights are kept: int8, or int4 for slow memory, mixed for between, bf16 or released for exact."
        )
        var format = PullFormat("int8")

        @Option(help: "Branch, tag or commit.")
        var revision = "main"

        func validate() throws {
            guard (1...200).contains(revision.utf8.count) else {
                throw ValidationError("--revision takes a branch, a tag or a commit.")
            }
        }

        func run() async throws {
            let name = try ModelName(name)
            if let format = name.format { throw ValidationError("Say --format \(format) instead of :\(format).") }
            var pull = ModelPull(name: name, format: format.name, conversion: format.conversion(of: name.id))
            pull.revision = revision
            pull.expectedShare = format.expectedShare
            let display = PullDisplay()
            let (path, isNew) = try await pull.run(into: options.models, from: hub()) { display.show($0) }
            display.end()
            print(isNew ? "\(name) is ready: \(path)" : "\(name) was here already: \(path)")
        }

        private func hub() throws -> HubConfiguration {
            let environment = ProcessInfo.processInfo.environment
            var hub = HubConfiguration()
            if let endpoint = environment["HF_ENDPOINT"], !endpoint.isEmpty {
                hub.endpoint = String(endpoint.reversed().drop { $0 == "/" }.reversed())
            }
            if let token = environment["HF_TOKEN"], !token.isEmpty { hub.token = token }
            hub.userAgent = "makima/\(version)"
            hub.proxies = try ProxySettings(environment: environment)
            return hub
        }
    }
}

/// How the weights of a pulled model are kept: by a recipe of the quantizer, or as released.
struct PullFormat: ExpressibleByArgument {
    let name: String
    private static let released = "released"

    static let allValueStrings = Recipe.names + [released]

    init(_ name: String) { self.name = name }

    init?(argument: String) {
        guard Self.allValueStrings.contains(argument) else { return nil }
        name = argument
    }

    var defaultValueDescription: String { name }

    /// Share of the released model's size, on the safe side: the quantizer itself checks to the byte.
    fileprivate var expectedShare: Double {
        switch name {
        case "int8": 0.75
        case "int4", "mixed": 0.7
        default: 1
        }
    }

    fileprivate func conversion(of id: String) -> ModelPull.Conversion? {
        guard name != Self.released else { return nil }
        return { source, destination, progress in
            let options = QuantizationOptions(
                repository: id, threads: DoctorChecks.usableProcessors, calibration: CalibrationOptions())
            _ = try await quantize(
                source: source, destination: destination, recipe: try Recipe.named(name), options: options
            ) { progress($0.fraction) }
        }
    }
}

extension QuantizationProgress {
    /// Steps of the whole: reading the source for its hash, letting it speak where the format asks for that, writing, reading
    /// back, and trying the codec decoder.
    fileprivate var fraction: Double {
        let part = Double(done) / Double(max(1, total))
        return switch stage {
        case .hashing: part * 0.15
        case .calibrating: 0.15 + part * 0.2
        case .writing: 0.35 + part * 0.25
        case .checking: 0.6 + part * 0.15
        case .listening, .speaking, .decoding: 0.75 + part * 0.25
        }
    }
}

/// How a pull goes on: one line, redrawn on a terminal; elsewhere a line for every tenth.
private final class PullDisplay {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var lastTenth = -1
    private var lastDrawn: ContinuousClock.Instant?
    /// Since when and from how many bytes the rate is measured.
    private var start: (instant: ContinuousClock.Instant, done: Int)?

    func show(_ event: PullEvent) {
        switch event {
        case .found(let files, let bytes): writeError("\(files) files, \(sizeText(bytes))\n")
        case .waiting(let seconds, let reason):
            writeError("\(reason) Trying again in \(Int(seconds.rounded(.up))) s.\n")
        case .checking: step("Checking", share: 1, "")
        case .converting(let format, let fraction): step("Converting to \(format)", share: fraction, "")
        case .downloading(_, let done, let total):
            step("Downloading", share: total == 0 ? 1 : Double(done) / Double(total), rate(done, total))
        }
    }

    func end() { if isTerminal { writeError("\r\u{1b}[K") } }

    private func rate(_ done: Int, _ total: Int) -> String {
        guard let start else {
            start = (.now, done)
            return sizeText(total)
        }
        let seconds = (ContinuousClock.now - start.instant) / .seconds(1)
        guard seconds > 1, done > start.done else { return sizeText(total) }
        let rate = Double(done - start.done) / seconds
        let left = Int(Double(total - done) / rate)
        return "\(sizeText(done)) of \(sizeText(total)), \(sizeText(Int(rate)))/s, \(left / 60) min \(left % 60) s left"
    }

    private func step(_ what: String, share: Double, _ rest: String) {
        let tenth = Int(share * 10)
        guard isTerminal else {
            if tenth != lastTenth { writeError("\(what): \(tenth * 10) %\n") }
            lastTenth = tenth
            return
        }
        // Ten drawings a second are enough for an eye.
        if let lastDrawn, ContinuousClock.now - lastDrawn < .milliseconds(100), share < 1 { return }
        lastDrawn = .now
        let filled = Int(max(0, min(share, 1)) * 30)
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled)
        writeError("\r\u{1b}[K\(what) \(bar) \(Int(share * 100)) %  \(rest)")
    }
}
