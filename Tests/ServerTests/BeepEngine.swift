import Speech

/// The smallest engine that speaks: a ramp as long as a frame for each letter, as high as the voice says. What a stranger
/// writes first.
final class BeepEngine: SpeechEngine {
    final class Utterance {
        var letters: Int
        var isOpen: Bool
        let height: Float
        var spoken = 0

        init(_ request: SpeechRequest) {
            letters = request.text.count { $0.isLetter }
            isOpen = request.isOpen
            height = if case .cloned(_, let voice) = request.voice { Float(voice.bytes[0]) / 256 } else { 0.5 }
        }
    }

    private struct Maker: VoiceMaker {
        func prepare(_ clip: [Float], transcript: String?) -> PreparedVoice {
            PreparedVoice(engine: "beep", bytes: [UInt8(clip.count % 255)])
        }
        func accepts(_ voice: PreparedVoice) -> Bool { voice.engine == "beep" && voice.bytes.count == 1 }
    }

    let information = ModelInformation(
        engine: "beep", name: "beep", variant: "small", format: "f32", sampleRate: 24_000, samplesPerFrame: 480,
        languages: ["english"], speakers: [], clones: true)
    var voiceMaker: any VoiceMaker { Maker() }

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance { Utterance(request) }

    func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        utterance.letters += text.count { $0.isLetter }
        utterance.isOpen = !isLast
    }

    func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        batch.map { utterance in
            if isCancelled(utterance) { return .ended(.cancelled) }
            guard utterance.spoken < utterance.letters else {
                return utterance.isOpen ? .starved : .ended(.endOfSpeech)
            }
            utterance.spoken += 1
            return .frame((0..<480).map { Float($0) / 480 * utterance.height }, characters: utterance.spoken)
        }
    }
}

extension EngineDescription {
    static let beep = EngineDescription(
        name: "beep", summary: "beeps", author: (name: "tests", url: ""), languages: ["english"], devices: ["cpu"],
        needsModel: false, accepts: { _ in false }, identity: { _ in "beep" }, load: { _ in BeepEngine() },
        inspect: { _ in [] })
}
