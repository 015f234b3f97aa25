// An engine that hums: for tests of doors and of clients where no model is at hand (`TTS_ENGINE=tone`).

import Glibc

/// One frame per character of text, at a pitch that depends on the voice. Samples depend on the request alone.
package struct ToneEngine: SpeechEngine, Sendable {
    /// What a frame costs, to stand in for a model of a given speed.
    package var frameTime: Duration

    package init(frameTime: Duration = .zero) {
        self.frameTime = frameTime
    }

    package let information = ModelInformation(
        engine: "tone", name: "tone", variant: "base", format: "f32", sampleRate: 24_000, samplesPerFrame: 1920,
        languages: EngineDescription.tone.languages, speakers: [], clones: true)
    package var voiceMaker: any VoiceMaker { ToneVoiceMaker() }

    package final class Utterance {
        let request: SpeechRequest
        let pitch: Float
        var characters: Int
        var isOpen: Bool
        /// There is a letter or a number in its text so far.
        var isSpeakable: Bool
        var frame = 0

        init(_ request: SpeechRequest) {
            self.request = request
            pitch = 220 + request.voice.seed.truncatingRemainder(dividingBy: 220)
            characters = request.text.unicodeScalars.count
            isOpen = request.isOpen
            isSpeakable = request.text.isSpeakable || !request.isOpen
        }
    }

    package func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance {
        guard request.isOpen || !request.text.allSatisfy(\.isWhitespace) else { throw .emptyText }
        let language = request.language.lowercased()
        guard language == "auto" || information.languages.contains(language) else {
            throw .unknownLanguage(request.language, known: information.languages)
        }
        return Utterance(request)
    }

    package func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        guard utterance.isOpen else { throw .unsupported("The utterance is closed.") }
        utterance.characters += text.unicodeScalars.count
        utterance.isOpen = !isLast
        utterance.isSpeakable = utterance.isSpeakable || text.isSpeakable
    }

    package func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        if frameTime > .zero { usleep(useconds_t(frameTime / .seconds(1) * 1_000_000)) }
        return batch.map { isCancelled($0) ? .ended(.cancelled) : advance($0) }
    }

    private func advance(_ utterance: Utterance) -> SpeechEvent {
        guard utterance.isSpeakable, utterance.frame < utterance.characters else {
            return utterance.isOpen ? .starved : .ended(.endOfSpeech)
        }
        let limit = utterance.request.options.maximumFrames ?? .max
        guard utterance.frame < limit else { return .ended(.budget) }
        let start = utterance.frame * information.samplesPerFrame
        utterance.frame += 1
        let step = 2 * Float.pi * utterance.pitch / Float(information.sampleRate)
        let samples = (start..<start + information.samplesPerFrame).map { 0.25 * sinf(step * Float($0)) }
        return .frame(samples, characters: utterance.frame)
    }
}

/// A voice is the loudness of its clip and the number of its samples; then what the clip says, in a line of its own.
private struct ToneVoiceMaker: VoiceMaker {
    func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice {
        guard clip.count >= 1920 else { throw .badReference("it is shorter than a frame.") }
        let level = (clip.reduce(0) { $0 + $1 * $1 } / Float(clip.count)).squareRoot()
        let text = "\(level) \(clip.count)\n\(transcript ?? "")"
        // A sound to test with is left as loud as it is.
        return PreparedVoice(engine: EngineDescription.tone.name, bytes: Array(text.utf8), loudness: -19)
    }

    func accepts(_ voice: PreparedVoice) -> Bool { voice.engine == EngineDescription.tone.name }
}

extension SpeechVoice {
    fileprivate var seed: Float {
        switch self {
        case .cloned(_, let voice):
            String(decoding: voice.bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
                .split(separator: " ").compactMap { Float($0) }.reduce(0, +)
        case .preset(let name): Float(name.utf8.reduce(0) { $0 + Int($1) })
        case .none: 0
        }
    }
}

extension EngineDescription {
    package static let tone = EngineDescription(
        name: "tone", summary: "hums instead of speaking, to test clients",
        author: (name: "makima", url: "https://makima.example/"),
        languages: Language.all.map(\.name),
        devices: ["cpu"], needsModel: false, accepts: { _ in false }, identity: { _ in "tone" },
        load: { ToneEngine(frameTime: $0.frameTime) }, inspect: { _ in [("engine", "tone")] })
}
