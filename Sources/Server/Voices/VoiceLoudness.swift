// How loud a model speaks in a voice: measured once over a sentence of ours, so that the first thing anybody asks for is as loud
// as all that follows.

import Audio
package import Speech

extension Synthesizer {
    /// LUFS of what the model says in a voice; always the same for the same voice. nil when that cannot be measured.
    func loudness(of voice: SpeechVoice) async -> Double? {
        guard let stream = await speakSample(in: voice) else { return nil }
        var meter = LoudnessMeter(sampleRate: stream.sampleRate)
        for await event in stream {
            switch event {
            case .frame(let samples, characters: _): meter.add(samples)
            case .ended(.endOfSpeech, _): return meter.integrated
            // A measure of half a text, or of noise, is none.
            case .ended, .failed: return nil
            case .sentence, .starved, .buffering: break
            }
        }
        return nil
    }

    /// Says in a voice what is measured, of its own accord. `frames`: at most; nil when it does not begin.
    func speakSample(in voice: SpeechVoice, frames: Int? = nil) async -> SpeechStream? {
        var request = LoudnessSample.request(voice, of: information)
        request.options.maximumFrames = frames
        let text = TextInlet(SpokenText(verbatim: request.text))
        return try? await speak(request, of: text, priority: .normal, client: "")
    }
}

/// What a voice says when its loudness is measured.
package enum LoudnessSample {
    /// About seven seconds of plain sentences: longer texts change the measure by less than a decibel.
    private static let text =
        "The children went out to play in the garden after lunch. The sun was warm and the wind was soft. "
        + "They found an old ball under the tree."

    /// The same for every voice of a model.
    package static func request(_ voice: SpeechVoice, of model: ModelInformation) -> SpeechRequest {
        let language = model.languages.contains("english") ? "english" : model.defaultLanguage
        var request = SpeechRequest(text: text, voice: voice, language: language)
        request.options.seed = 0
        return request
    }
}
