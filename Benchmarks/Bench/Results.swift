// What was measured: JSON with stable keys, a table, and a comparison with an earlier run.

import FoundationEssentials
import Quantization

struct Results: Codable {
    var machine = Machine()
    var kernels: [KernelResult]?
    /// By format: int8, int4, bf16, mixed.
    var engine: [String: EngineResult]?
    /// By variant and format.
    var chatterbox: [String: ChatterboxResult]?
    var batch4: BatchResult?
    /// One long text, two groups of sentences at a time.
    var pairs: BatchResult?
    var serve: ServeResult?

    struct Machine: Codable {
        var isa = ""
        var threads = 0
        /// Anonymous memory in huge pages, larger than the caches.
        var readBandwidthGBs = 0.0
        var fmaGFLOPs = 0.0
        var blasGFLOPs = 0.0
        var blasGBs = 0.0
        /// The processor for which OpenBLAS computed: one that it does not know gets an old one's kernels.
        var blasCore: String?
        /// What other programs took of all cores meanwhile.
        var othersPercent: Double?
    }

    struct KernelResult: Codable {
        let kernel: String
        let isa: String
        let threads: Int
        let microseconds: Double
        /// Bytes of weights a second, where they are read from memory.
        let gigabytesPerSecond: Double?
        let bandwidthFraction: Double?
        let gigaOperationsPerSecond: Double
    }

    struct EngineResult: Codable {
        /// Wall time over audio time, streaming, everything included.
        var realTimeFactor = 0.0
        /// Median and 95th percentile of the time from frame to frame.
        var frameMs = 0.0
        var frameMsP95 = 0.0
        /// Time of a frame where four may become sound together, as for a listener who is ahead, over that of one by one.
        var frameAhead = 0.0
        var talkerMs = 0.0
        var codePredictorMs = 0.0
        var decoderMs = 0.0
        /// The constant part of a voice's prompt, once per voice; then until the first frame is there.
        var prefillMs = 0.0
        var firstAudioMs = 0.0
        var firstAudioICLMs = 0.0
        var loadMs = 0.0
        var residentBytes = 0
        var allocationsPerFrame = 0.0
        /// Time of talker and code predictor after 600 frames over that of the first hundred.
        var lastOverFirstFrame = 0.0
        var bytesPerFrame = 0
        var macsPerFrame = 0
        /// Time of the bare loop over the same matrices, over talker and code predictor.
        var bareLoopFraction = 0.0
        var bareLoopMs = 0.0
    }

    struct ChatterboxResult: Codable {
        /// Wall time over audio time, in pieces and decoded at once, everything included.
        var realTimeFactor = 0.0
        var wholeRealTimeFactor = 0.0
        var tokenMs = 0.0
        /// Of a second of sound: in pieces, and flow and vocoder together decoded at once.
        var flowMs = 0.0
        var vocoderMs = 0.0
        var wholeSoundMs = 0.0
        /// What the flow computes of a voice once, and what it remembers.
        var promptMs = 0.0
        var promptBytes = 0
        var firstAudioMs = 0.0
        var coldVoiceMs = 0.0
        var loadMs = 0.0
        var residentBytes = 0
        var allocationsPerToken = 0.0
    }

    struct BatchResult: Codable {
        var format = ""
        var speedup = 0.0
        var audioSecondsPerSecond = 0.0
    }
}

extension Results {
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Every number by its key path.
    func numbers() throws -> [String: Double] {
        indirect enum Value: Decodable {
            case number(Double)
            case object([String: Value])
            case list([Value])
            case other
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Double.self) {
                    self = .number(number)
                } else if let object = try? container.decode([String: Value].self) {
                    self = .object(object)
                } else if let list = try? container.decode([Value].self) {
                    self = .list(list)
                } else {
                    self = .other
                }
            }
            func collect(_ path: String, into all: inout [String: Double]) {
                switch self {
                case .number(let number): all[path] = number
                case .object(let object):
                    for (key, value) in object { value.collect(path.isEmpty ? key : path + "." + key, into: &all) }
                case .list(let list):
                    for (index, value) in list.enumerated() { value.collect("\(path).\(index)", into: &all) }
                case .other: break
                }
            }
        }
        var named = self
        named.kernels = nil
        var all: [String: Double] = [:]
        let value = try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(named))
        value.collect("", into: &all)
        for kernel in kernels ?? [] {
            all["kernels.\(kernel.kernel).\(kernel.isa).\(kernel.threads).microseconds"] = kernel.microseconds
        }
        return all
    }

    /// Every number of both runs, and the new one over the old one.
    func comparison(with old: Results) throws -> String {
        let (before, now) = (try old.numbers(), try numbers())
        var lines = [row(["", "before", "now", "now/before"], [64, 12, 12, 10])]
        for key in now.keys.sorted() {
            guard let old = before[key], let new = now[key] else { continue }
            let ratio = old == 0 ? (new == 0 ? "1.00" : "-") : fixed(new / old, 2)
            lines.append(row([key, short(old), short(new), ratio], [64, 12, 12, 10]))
        }
        return lines.joined(separator: "\n")
    }
}

// MARK: Text

extension Results {
    var table: String {
        var lines = [
            "\(machine.isa), \(machine.threads) threads: reads \(fixed(machine.readBandwidthGBs, 1)) GB/s, "
                + "float32 FMA \(fixed(machine.fmaGFLOPs, 0)) GFLOP/s, OpenBLAS (\(machine.blasCore ?? "?")) sgemm "
                + "\(fixed(machine.blasGFLOPs, 0)) GFLOP/s, sgemv \(fixed(machine.blasGBs, 1)) GB/s", "",
        ]
        if let others = machine.othersPercent, others > OtherPrograms.limit {
            lines += [
                "Other programs took \(fixed(others, 0)) % of the cores meanwhile: measure again when it is quiet.", "",
            ]
        }
        if let kernels { lines += kernelLines(kernels) }
        if let engine { lines += engineLines(engine) }
        if let chatterbox { lines += chatterboxLines(chatterbox) }
        if let batch4 {
            lines += [
                "",
                "4 utterances, \(batch4.format), streaming: \(fixed(batch4.audioSecondsPerSecond, 2)) audio seconds per second, "
                    + "\(fixed(batch4.speedup, 2)) times one by one",
            ]
        }
        if let pairs {
            lines.append(
                "a long text in pairs, \(pairs.format): \(fixed(pairs.audioSecondsPerSecond, 2)) audio seconds per second, "
                    + "\(fixed(pairs.speedup, 2)) times one by one")
        }
        if let serve { lines += serve.lines }
        return lines.joined(separator: "\n")
    }

    private func kernelLines(_ kernels: [KernelResult]) -> [String] {
        let widths = [28, 12, 8, 10, 8, 12, 8]
        return [row(["kernel n×rows×columns", "isa", "threads", "µs", "GB/s", "of bandwidth", "GOP/s"], widths)]
            + kernels.map { kernel in
                row(
                    [
                        kernel.kernel, kernel.isa, "\(kernel.threads)", fixed(kernel.microseconds, 2),
                        kernel.gigabytesPerSecond.map { fixed($0, 1) } ?? "",
                        kernel.bandwidthFraction.map { fixed(100 * $0, 0) + " %" } ?? "",
                        fixed(kernel.gigaOperationsPerSecond, 1),
                    ], widths)
            }
    }

    private func chatterboxLines(_ results: [String: ChatterboxResult]) -> [String] {
        let columns = Columns(results, titles: 46)
        return [
            columns.names,
            columns.line("× audio time, in pieces") { fixed($0.realTimeFactor, 3) },
            columns.line("× audio time, decoded at once") { fixed($0.wholeRealTimeFactor, 3) },
            columns.line("T3, ms a token") { fixed($0.tokenMs, 2) },
            columns.line("flow, a piece of a second, ms") { fixed($0.flowMs, 1) },
            columns.line("vocoder, a second, ms") { fixed($0.vocoderMs, 1) },
            columns.line("flow and vocoder, five seconds, ms a second") { fixed($0.wholeSoundMs, 1) },
            columns.line("first audio, warm voice, ms") { fixed($0.firstAudioMs, 1) },
            columns.line("first audio, cold voice, ms") { fixed($0.coldVoiceMs, 1) },
            columns.line("of it the flow's prompt, ms") { fixed($0.promptMs, 1) },
            columns.line("remembered of the prompt, MB") { fixed(Double($0.promptBytes) / 1e6, 0) },
            columns.line("load, ms") { fixed($0.loadMs, 0) },
            columns.line("resident, MB") { fixed(Double($0.residentBytes) / 1e6, 0) },
            columns.line("allocations per token") { fixed($0.allocationsPerToken, 2) },
        ]
    }

    private func engineLines(_ engine: [String: EngineResult]) -> [String] {
        let columns = Columns(engine, titles: 40)
        return [
            columns.names,
            columns.line("× audio time") { fixed($0.realTimeFactor, 3) },
            columns.line("frame to frame p50 / p95, ms") { fixed($0.frameMs, 1) + " / " + fixed($0.frameMsP95, 1) },
            columns.line("frame, listener ahead, over one by one") { fixed($0.frameAhead, 2) },
            columns.line("talker, ms") { fixed($0.talkerMs, 2) },
            columns.line("code predictor, ms") { fixed($0.codePredictorMs, 2) },
            columns.line("codec decoder (one thread), ms") { fixed($0.decoderMs, 2) },
            columns.line("first audio, warm x-vector, ms") { fixed($0.firstAudioMs, 1) },
            columns.line("first audio, 5 s reference, ms") { fixed($0.firstAudioICLMs, 1) },
            columns.line("first audio, cold voice, ms") { fixed($0.prefillMs, 1) },
            columns.line("last of 600 frames over first") { fixed($0.lastOverFirstFrame, 2) },
            columns.line("load, ms") { fixed($0.loadMs, 0) },
            columns.line("resident, MB") { fixed(Double($0.residentBytes) / 1e6, 0) },
            columns.line("allocations per frame") { fixed($0.allocationsPerFrame, 2) },
            columns.line("weights read per frame, MB") { fixed(Double($0.bytesPerFrame) / 1e6, 0) },
            columns.line("multiply-adds per frame, M") { fixed(Double($0.macsPerFrame) / 1e6, 0) },
            columns.line("bare loop, ms") { fixed($0.bareLoopMs, 1) },
            columns.line("of the bare loop's speed") { fixed(100 * $0.bareLoopFraction, 0) + " %" },
        ]
    }
}

/// A column for each result, under its name.
private struct Columns<Result> {
    private let results: [(name: String, result: Result)]
    private let widths: [Int]

    /// `titles` is how wide the titles of the lines may be.
    init(_ results: [String: Result], titles: Int) {
        self.results = results.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        widths = [titles] + results.map { _ in 12 }
    }

    var names: String { row([""] + results.map(\.name), widths) }

    func line(_ title: String, _ value: (Result) -> String) -> String {
        row([title] + results.map { value($0.result) }, widths)
    }
}

func row(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (cell, width) in zip(cells, widths) {
        let space = String(repeating: " ", count: max(1, width - cell.count))
        text += text.isEmpty ? cell + space : space + cell
    }
    return text
}

private func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : fixed(value, 3)
}
