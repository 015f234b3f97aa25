// Qwen3-TTS as a row in the list of engines.

import Compute
import Files
import FoundationEssentials
import ModelFile
package import Speech

extension EngineDescription {
    package static let qwen3 = EngineDescription(
        name: VoicePrompt.engine, summary: "speaks Qwen3-TTS-12Hz models",
        author: (name: "Qwen", url: "https://github.com/QwenLM/Qwen3-TTS"),
        languages: Language.all.map(\.name),
        devices: ["cpu"], needsModel: true, accepts: Qwen3Engine.accepts, identity: Qwen3Engine.identity,
        demand: { try MemoryDemand(checkpoint: $0) },
        load: { try Qwen3Engine(directory: $0.folder, threads: $0.threads, promptCache: $0.promptCache) },
        inspect: Qwen3Engine.inspect)
}

extension Qwen3Engine {
    /// Whether `config.json` says that the folder holds a model of this family.
    static func accepts(_ folder: String) -> Bool {
        modelType(of: folder) == "qwen3_tts"
    }

    /// Names, sizes and times of change of every file that a prepared voice depends on: configurations, and the weights of the
    /// speaker encoder and the codec. Another checkpoint in the same folder is another model.
    static func identity(_ folder: String) -> String {
        let parts = ["", "speech_tokenizer/"].flatMap { part in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + part)) ?? []
            return names.filter { $0 == "config.json" || $0.hasSuffix(".safetensors") }.sorted().map { part + $0 }
        }
        let states = parts.map { file in
            "\(file) \(FileState(folder + "/" + file).map { "\($0)" } ?? "")"
        }
        return ([folder] + states).joined(separator: " ")
    }

    static func inspect(_ folder: String) throws -> [(name: String, value: String)] {
        let checkpoint = try Checkpoint(directory: folder)
        // Loading the parts finds what is missing or has another shape.
        _ = try (checkpoint.talker(), checkpoint.decoder())
        let (model, configuration, codec) = (checkpoint.information, checkpoint.configuration, checkpoint.codec)
        let tokens = configuration.tokens
        let demand = try MemoryDemand(checkpoint: folder)
        return [
            ("checkpoint", folder), ("variant", model.variant), ("format", model.format),
            ("talker", sizes(configuration.talker)), ("code predictor", sizes(configuration.codePredictor)),
            ("text", "\(tokens.text_vocab_size) tokens of \(tokens.text_hidden_size)"),
            (
                "codec",
                "\(codec.decoder.quantizers) codebooks of \(codec.decoder.codebookSize), "
                    + "\(codec.samplesPerFrame) samples a frame at \(codec.sampleRate) Hz"
            ),
            ("languages", tokens.languages.joined(separator: ", ")),
            ("speakers", model.speakers.joined(separator: ", ")), ("clones voices", cloning(model)),
            ("talker tensors", try tensors(checkpoint.weights)),
            ("codec tensors", try tensors(checkpoint.codecWeights)),
            ("memory", "\(megabytes(demand.model)), and \(megabytes(demand.utterance)) for an utterance"),
        ]
    }

    private static func cloning(_ model: ModelInformation) -> String {
        !model.clones ? "no" : model.clonesInContext ? "yes" : "by the sound alone, without a transcript"
    }

    private static func sizes(_ c: TransformerConfiguration) -> String {
        "\(c.num_hidden_layers) layers, hidden \(c.hidden_size), \(c.num_attention_heads) heads of \(c.head_dim) "
            + "(\(c.num_key_value_heads) for keys), MLP \(c.intermediate_size), vocabulary \(c.vocab_size)"
    }

    private static func tensors(_ weights: Weights) throws -> String {
        var bytes: [String: Int] = [:]
        for tensor in try weights.names.map({ try weights.tensor($0) }) {
            bytes[tensor.type.rawValue, default: 0] += tensor.byteCount
        }
        let parts = bytes.sorted { $0.value > $1.value }.map { "\($0.key) \(megabytes($0.value))" }
        return "\(weights.names.count), \(parts.joined(separator: ", "))"
    }

    private static func megabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e5).rounded() / 10) MB" }
}
