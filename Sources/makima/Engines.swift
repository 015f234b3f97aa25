import ArgumentParser
import Audio
import Chatterbox
import FoundationEssentials
import Logging
import Qwen3TTS
import Server
import Speech

extension EngineList {
    /// The engines of this program: the only place that names them.
    static let installed = EngineList([.qwen3, .chatterbox(resample: slowed), .tone])

    /// A clip for what hears at 16 kHz.
    static func slowed(_ samples: [Float]) throws -> [Float] {
        try Audio.resample(AudioClip(samples: samples, sampleRate: 24_000), to: 16_000).samples
    }

    /// Their names, each with what it does.
    var help: String { all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ") }
}

/// An engine and the model that it is to speak.
struct EngineChoice {
    let engine: EngineDescription
    /// What the model was called.
    let model: String
    var options: EngineOptions

    /// - Parameters:
    ///   - name: of an engine, else `TTS_ENGINE`; auto and none leave the choice to the model.
    ///   - model: a folder or a name of the store, else `TTS_MODEL_ID`, else the built-in one.
    init(
        engine name: String? = nil, model: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let name = name ?? environment["TTS_ENGINE"] ?? EngineList.automatic
        if let named = try EngineList.installed.named(name), !named.needsModel {
            engine = named
            self.model = named.name
            options = EngineOptions(folder: "")
        } else {
            let folder = try ModelLocations.resolve(model, environment: environment)
            engine = try EngineList.installed.engine(name, for: folder)
            self.model = ModelLocations.name(model, environment: environment)
            options = EngineOptions(folder: folder)
        }
    }
}

extension EngineChoice {
    /// What a server speaks which model with, and where.
    init(_ configuration: ServerConfiguration) throws {
        do { try self.init(engine: configuration.engine, model: configuration.model) } catch {
            throw error is EngineError ? ValidationError("\(error)") : error
        }
        do { try engine.check(device: configuration.device) } catch { throw ValidationError("\(error)") }
        options.device = configuration.device
        options.threads = configuration.threads == 0 ? nil : configuration.threads
        options.promptCache = configuration.promptCache << 20
        options.frameTime = .milliseconds(configuration.toneFrame)
    }

    /// Loads the model into a server.
    func loader(_ logger: Logger) -> ModelLifecycle.Loader {
        { limits, report in
            let loaded = try load(utterances: limits.running, reserve: limits.memoryReserve) {
                logger.warning("memory is short", metadata: ["reason": "\($0)"])
            }
            return Server.schedule(
                loaded, identity: engine.identity(options.folder), limits: limits, report: report)
        }
    }
}
