// What a loaded model says of itself.

/// What a loaded model is, for capabilities, discovery and messages.
package struct ModelInformation: Sendable, Equatable {
    /// Name of the engine that speaks it.
    package var engine: String
    package var name: String
    /// What the engine calls the kind of model: "base", "custom_voice", …
    package var variant: String
    /// "f32", "bf16", "int8", "int4" or "mixed".
    package var format: String
    package var sampleRate: Int
    package var samplesPerFrame: Int
    package var languages: [String]
    package var speakers: [String]
    /// Whether voices can be cloned from a clip.
    package var clones: Bool
    /// Whether a transcript of the clip is of use: without, voices are made of the sound alone.
    package var clonesInContext: Bool
    /// Whether a request may say how to speak.
    package var takesInstructions: Bool

    package init(
        engine: String, name: String, variant: String, format: String, sampleRate: Int, samplesPerFrame: Int,
        languages: [String], speakers: [String], clones: Bool, clonesInContext: Bool = true,
        takesInstructions: Bool = false
    ) {
        self.engine = engine
        self.name = name
        self.variant = variant
        self.format = format
        self.sampleRate = sampleRate
        self.samplesPerFrame = samplesPerFrame
        self.languages = languages
        self.speakers = speakers
        self.clones = clones
        self.clonesInContext = clones && clonesInContext
        self.takesInstructions = takesInstructions
    }

    /// The one language a model has, else what the model makes of the text.
    package var defaultLanguage: String { languages.count == 1 ? languages[0] : "auto" }
}

extension ModelInformation {
    /// What a model is called whose folder is all that is known of it.
    package static func name(ofFolder path: String) -> String {
        String(path.split(separator: "/").last { $0 != "." && $0 != ".." } ?? "model")
    }
}
