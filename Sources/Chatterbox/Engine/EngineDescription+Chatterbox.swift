// Chatterbox as a row in the list of engines.

import Compute
import Files
import FoundationEssentials
import ModelFile
package import Speech

extension EngineDescription {
    /// - Parameter resample: brings clips of voices from 24 kHz to 16 kHz.
    package static func chatterbox(resample: @escaping @Sendable ([Float]) throws -> [Float]) -> EngineDescription {
        EngineDescription(
            name: ChatterboxVoice.engine, summary: "speaks Chatterbox-Turbo and Chatterbox-Nano models",
            author: (name: "Resemble AI", url: "https://github.com/resemble-ai/chatterbox"),
            languages: [ChatterboxEngine.language], devices: ["cpu"], needsModel: true,
            accepts: ChatterboxCheckpoint.exists, identity: ChatterboxEngine.identity,
            demand: { try MemoryDemand(chatterbox: $0) },
            load: {
                try ChatterboxEngine(
                    directory: $0.folder, threads: $0.threads, promptCache: $0.promptCache, resample: resample)
            }, inspect: ChatterboxEngine.inspect)
    }
}

extension ChatterboxEngine {
    /// Names, sizes and times of change of every file that a prepared voice depends on.
    static func identity(_ folder: String) -> String {
        let states = ChatterboxCheckpoint.voiceFiles.map { file in
            "\(file) \(FileState(folder + "/" + file).map { "\($0)" } ?? "")"
        }
        return ([folder] + states).joined(separator: " ")
    }

    /// What a checkpoint says of itself; no weight is read.
    package static func information(directory: String) throws -> ModelInformation {
        try ChatterboxCheckpoint(directory: directory).information
    }

    static func inspect(_ folder: String) throws -> [(name: String, value: String)] {
        let checkpoint = try ChatterboxCheckpoint(directory: folder)
        _ = try checkpoint.tokenizer()
        let (t3, s3gen) = (try checkpoint.t3(), try checkpoint.s3gen())
        let (model, c) = (try checkpoint.information, t3.configuration)
        let demand = try MemoryDemand(chatterbox: folder)
        let megabytes = { (bytes: Int) in "\((Double(bytes) / 1e5).rounded() / 10) MB" }
        return [
            ("checkpoint", folder), ("variant", model.variant), ("format", model.format),
            (
                "T3",
                "\(c.layers) layers, hidden \(c.hidden), \(c.heads) heads of \(c.headDimension), MLP \(c.inner), "
                    + "\(c.positions) positions"
            ),
            ("text", "\(c.textVocabulary) tokens"),
            (
                "S3Gen",
                "\(s3gen.flow.vocabulary) speech tokens, \(SpeechTokens.rate) a second, mel of \(s3gen.flow.bands) bands"
            ),
            ("languages", model.languages.joined(separator: ", ")), ("clones voices", "yes"),
            ("memory", "\(megabytes(demand.model)), and \(megabytes(demand.utterance)) for an utterance"),
        ]
    }
}

extension MemoryDemand {
    /// By the headers of the files; no weight is read.
    init(chatterbox folder: String) throws {
        let checkpoint = try ChatterboxCheckpoint(directory: folder)
        func bytes(_ weights: Weights, _ isUsed: (String) -> Bool) throws -> Int {
            try weights.names.filter(isUsed).reduce(0) { $0 + (try weights.tensor($1).byteCount) }
        }
        // Of the tables of embeddings only some rows are read, two tensors are in the file for nothing, and the encoders of
        // voices are loaded for a clip.
        let unused = ["tfmr.wte.", "text_head.", "text_emb.", "speech_emb.", "tfmr.wpe."]
        let t3 = try bytes(checkpoint.t3Weights) { name in !unused.contains { name.hasPrefix($0) } }
        let s3gen = try bytes(checkpoint.s3genWeights) { $0.hasPrefix("flow.") || $0.hasPrefix("mel2wav.") }
        let isRounded = S3GenPrecision.speaking(with: try checkpoint.information.format) != .float32
        let c = try T3Configuration(checkpoint.t3Weights, heads: checkpoint.heads.t3)
        let cacheBytes = 2 * 4 * Double(c.layers) * Double(c.hidden) * min(Double(c.positions), 1024)
        // Keys and values of the pieces that the flow sees, in the encoder and in each step of the estimator.
        let flow = checkpoint.s3genWeights["flow"]
        let seen = try [("linear_k.weight", 1), ("to_k.weight", Flow.usualSteps)].reduce(0) { sum, kind in
            try flow.names.filter { $0.hasSuffix(kind.0) }.reduce(sum) { sum, name in
                sum + kind.1 * (try checkpoint.s3genWeights.tensor(name).shape.first ?? 0)
            }
        }
        let flowBytes = 2 * 4 * Double(seen) * Double(S3GenStream.seenFrames)
        self.init(model: t3 + (isRounded ? s3gen / 2 : s3gen), utterance: Int(min(cacheBytes + flowBytes, 1e15)))
    }
}
