import ArgumentParser
import FoundationEssentials
import ModelFile
import Qwen3TTS
import Speech

/// `makima inspect`: what a checkpoint is.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what a checkpoint is: variant, sizes, formats, languages, speakers, bytes.")

    @Argument(help: ArgumentHelp("Folder of a checkpoint, or a model of makima models.", valueName: "model"))
    var model: String

    func run() throws {
        let path = try ModelLocations.resolve(model)
        let configuration = try Configuration(directory: path)
        let codec = try Configuration.codec(directory: path)
        let weights = try Safetensors.directory(path)
        let codecWeights = try Safetensors.directory(path + "/speech_tokenizer")
        // Loading the parts finds what is missing or has another shape.
        let model = try SpeechModel(directory: path)
        let tokens = configuration.tokens
        row("checkpoint", path)
        row("variant", model.information.variant)
        row("format", model.information.format)
        row("talker", Self.sizes(configuration.talker))
        row("code predictor", Self.sizes(configuration.codePredictor))
        row("text", "\(tokens.text_vocab_size) tokens of \(tokens.text_hidden_size)")
        row(
            "codec",
            "\(codec.decoder.quantizers) codebooks of \(codec.decoder.codebookSize), "
                + "\(codec.samplesPerFrame) samples a frame at \(codec.sampleRate) Hz")
        row("languages", tokens.languages.joined(separator: ", "))
        row("speakers", model.information.speakers.joined(separator: ", "))
        row("clones voices", Self.cloning(model.information))
        try tensors("talker tensors", weights)
        try tensors("codec tensors", codecWeights)
    }

    private static func cloning(_ model: ModelInformation) -> String {
        !model.clones ? "no" : model.clonesInContext ? "yes" : "by the sound alone, without a transcript"
    }

    private static func sizes(_ c: TransformerConfiguration) -> String {
        "\(c.num_hidden_layers) layers, hidden \(c.hidden_size), \(c.num_attention_heads) heads of \(c.head_dim) "
            + "(\(c.num_key_value_heads) for keys), MLP \(c.intermediate_size), vocabulary \(c.vocab_size)"
    }

    private func tensors(_ name: String, _ weights: Weights) throws {
        var bytes: [String: Int] = [:]
        for tensor in try weights.names.map({ try weights.tensor($0) }) {
            bytes[tensor.type.rawValue, default: 0] += tensor.byteCount
        }
        let parts = bytes.sorted { $0.value > $1.value }.map { "\($0.key) \(Self.size($0.value))" }
        row(name, "\(weights.names.count), \(parts.joined(separator: ", "))")
    }

    private static func size(_ bytes: Int) -> String { "\((Double(bytes) / 1e5).rounded() / 10) MB" }

    private func row(_ name: String, _ value: String) {
        print(name + String(repeating: " ", count: max(1, 16 - name.count)) + (value.isEmpty ? "none" : value))
    }
}
