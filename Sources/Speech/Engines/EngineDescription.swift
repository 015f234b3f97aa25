// An engine as a value: what the program knows of it before a model is loaded. Adding an engine is one such value, in the
// list of engines.

import FoundationEssentials

/// How a model is to be loaded.
package struct EngineOptions: Sendable, Equatable {
    /// Folder of the model; empty for an engine that has none.
    package var folder: String
    /// One of the engine's devices.
    package var device = "cpu"
    /// Without a number the fastest is found by trying.
    package var threads: Int?
    /// Bytes that may hold what an engine has read of voices, so that it need not read it for each utterance.
    package var promptCache = EngineOptions.defaultPromptCache
    /// How long a frame takes an engine that only pretends to compute.
    package var frameTime = Duration.zero

    package init(folder: String) { self.folder = folder }

    package static let defaultPromptCache = 128 << 20
}

package struct EngineDescription: Sendable {
    /// What `TTS_ENGINE` calls it.
    package let name: String
    /// A sentence for help texts.
    package let summary: String
    /// Whose work the models are, for doors that say so.
    package let author: (name: String, url: String)
    /// What its models speak, for clients that come before a model is loaded.
    package let languages: [String]
    /// Where it can compute: names for `TTS_DEVICE`.
    package let devices: [String]
    /// Whether it needs a model's folder at all.
    package let needsModel: Bool
    /// Whether a folder holds a model of this engine, by a look at its configuration.
    package let accepts: @Sendable (_ folder: String) -> Bool
    /// What tells voices prepared with this model from another's: equal as long as every file that a voice depends on is.
    package let identity: @Sendable (_ folder: String) -> String
    /// What the model of a folder needs of memory, by a look at its files.
    package let demand: @Sendable (_ folder: String) throws -> MemoryDemand
    /// Loads a model. The engine is the caller's alone.
    package let load: @Sendable (EngineOptions) throws -> sending any SpeechEngine
    /// What a model is, in rows for a person: loads it, and so finds what is missing or has another shape.
    package let inspect: @Sendable (_ folder: String) throws -> [(name: String, value: String)]

    package init(
        name: String, summary: String, author: (name: String, url: String), languages: [String], devices: [String],
        needsModel: Bool, accepts: @escaping @Sendable (_ folder: String) -> Bool,
        identity: @escaping @Sendable (_ folder: String) -> String,
        demand: @escaping @Sendable (_ folder: String) throws -> MemoryDemand = { _ in .none },
        load: @escaping @Sendable (EngineOptions) throws -> sending any SpeechEngine,
        inspect: @escaping @Sendable (_ folder: String) throws -> [(name: String, value: String)]
    ) {
        self.name = name
        self.summary = summary
        self.author = author
        self.languages = languages
        self.devices = devices
        self.needsModel = needsModel
        self.accepts = accepts
        self.identity = identity
        self.demand = demand
        self.load = load
        self.inspect = inspect
    }
}

package enum EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownEngine(String, known: [String])
    /// No engine takes the model, whose configuration says what type it is.
    case unknownModel(folder: String, type: String?, known: [String])
    case unknownDevice(String, engine: String, known: [String])

    package var description: String {
        switch self {
        case .unknownEngine(let name, let known):
            "There is no engine \(name.prefix(80)). There is: \(known.joined(separator: ", ")); auto takes the model's own."
        case .unknownModel(let folder, let type?, let known):
            "\(folder)/config.json: the model_type \(type.prefix(80)) is of no engine here. There is: \(known.joined(separator: ", "))."
        case .unknownModel(let folder, nil, let known):
            "\(folder)/config.json is no JSON that names a model_type, so none of the engines (\(known.joined(separator: ", "))) takes it."
        case .unknownDevice(let device, let engine, let known):
            "The device \(device.prefix(80)) is not supported: the engine \(engine) computes on \(known.joined(separator: ", "))."
        }
    }
}

/// What the `config.json` of a folder says that its model is; nil where it says nothing.
package func modelType(of folder: String) -> String? {
    struct Kind: Decodable { let model_type: String }
    guard let data = FileManager.default.contents(atPath: folder + "/config.json") else { return nil }
    return (try? JSONDecoder().decode(Kind.self, from: data))?.model_type
}

/// The engines of a program.
package struct EngineList: Sendable {
    package let all: [EngineDescription]

    package init(_ all: [EngineDescription]) { self.all = all }

    /// The name that leaves the choice to the model.
    package static let automatic = "auto"

    package var names: [String] { all.map(\.name) }

    /// The engine of that name, in any case; nil when it is the model's to choose.
    package func named(_ name: String) throws(EngineError) -> EngineDescription? {
        let name = name.lowercased()
        if name.isEmpty || name == Self.automatic { return nil }
        guard let engine = all.first(where: { $0.name == name }) else {
            throw .unknownEngine(name, known: names)
        }
        return engine
    }

    /// The engine that speaks the model of a folder: the one that is named, which says itself what is wrong with a model that
    /// is not its own, else whichever takes it.
    package func engine(_ name: String, for folder: String) throws(EngineError) -> EngineDescription {
        if let named = try named(name) { return named }
        guard let engine = all.first(where: { $0.needsModel && $0.accepts(folder) }) else {
            throw .unknownModel(
                folder: folder, type: modelType(of: folder), known: all.filter(\.needsModel).map(\.name))
        }
        return engine
    }
}

extension EngineDescription {
    /// Throws for a device that the engine does not have.
    package func check(device: String) throws(EngineError) {
        guard devices.contains(device) else { throw .unknownDevice(device, engine: name, known: devices) }
    }
}
