import Files
import Memory
import Speech

private func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000) MB" }

/// Whether a model fits into the memory there is.
struct ModelMemory: Equatable {
    /// What messages call it.
    let model: String
    let demand: MemoryDemand
    /// Bytes that must be left for another utterance to begin.
    var reserve = 0

    /// Resident before a model is loaded (docs/performance.md).
    private static let program = 30_000_000

    /// Bytes, for so many utterances at once.
    func needs(_ utterances: Int) -> Int {
        let bytes = Self.program + demand.model + (utterances - 1) * demand.utterance + max(demand.utterance, reserve)
        // An estimate, in whole megabytes, so that what is said and what is compared are the same.
        return (bytes + 999_999) / 1_000_000 * 1_000_000
    }

    /// Throws where there is no room for a single utterance, however others are pushed out. Returns what else is worth saying.
    /// - Parameter smaller: what to take instead.
    func check(
        _ memory: SystemMemory, utterances: Int, smaller: @autoclosure () -> ModelMemory?
    ) throws(ModelMemoryError) -> String? {
        guard let limit = memory.limit, demand != .none else { return nil }
        let needed = needs(1)
        guard needed <= limit.bytes else {
            throw ModelMemoryError(
                model: model, needed: needed, limit: limit,
                smaller: smaller().flatMap { $0.needs(1) <= min(limit.bytes, needed) ? $0 : nil })
        }
        if let available = memory.available, available.bytes < needed {
            return "\(model) needs \(megabytes(needed)) of memory, of which \(megabytes(available.bytes)) are free"
                + "\(available.source.words): it may be slow until others end."
        }
        let room = demand.utterance > 0 ? 1 + (limit.bytes - needed) / demand.utterance : utterances
        guard room < utterances else { return nil }
        return "\(model) has room for \(room) utterances at once, not for \(utterances) (speakers), in the "
            + "\(megabytes(limit.bytes)) of memory there are\(limit.source.words): more are refused while it is short."
    }
}

/// A model that cannot be loaded here.
struct ModelMemoryError: Error, Equatable, CustomStringConvertible {
    let model: String
    let needed: Int
    let limit: MemoryBound
    /// A model that fits.
    let smaller: ModelMemory?

    var description: String {
        let (needs, has) = (megabytes(needed), megabytes(limit.bytes))
        var sentences = ["\(model) needs \(needs) of memory, and there are \(has)\(limit.source.words)."]
        if let smaller {
            let name = smaller.model
            sentences.append("Take \(name), which needs \(megabytes(smaller.needs(1))): --model \(name).")
        }
        if limit.source != .computer {
            let raise = smaller == nil ? "Raise" : "Or raise"
            sentences.append("\(raise) that limit (systemd: MemoryMax; Docker: --memory).")
        }
        return sentences.joined(separator: " ")
    }
}

extension MemoryBound.Source {
    /// A clause that says what sets the bound; empty where it is the computer's own.
    var words: String {
        switch self {
        case .computer: ""
        case .group(let file): ", as \(file) says"
        }
    }
}

extension EngineChoice {
    /// Loads the model, where there is memory for it.
    /// - Parameters:
    ///   - utterances: how many shall be spoken at once.
    ///   - reserve: bytes that must be left for another one to begin.
    ///   - warn: is told when memory is short, but enough.
    func load(
        utterances: Int = 1, reserve: Int = 0, warn: (String) -> Void = { printError($0) }
    ) throws -> sending any SpeechEngine {
        let warning = try memory(reserve).check(SystemMemory(), utterances: utterances, smaller: Self.smallest(reserve))
        if let warning { warn(warning) }
        return try engine.load(options)
    }

    private func memory(_ reserve: Int) throws -> ModelMemory {
        ModelMemory(model: model, demand: try engine.demand(options.folder), reserve: reserve)
    }

    /// The model that comes with the program.
    private static func smallest(_ reserve: Int) -> ModelMemory? {
        try? EngineChoice(model: ModelLocations.builtInModel, environment: [:]).memory(reserve)
    }
}
