// From a reference clip to a voice. The encoders compute on one thread of their own, beside the speech in progress. Each is
// loaded for a clip and goes with it: a voice is made once, then remembered, and encoders of the 0.6B shape are 260 MB.

import Compute
import ModelFile
package import Speech
import Synchronization

package final class VoiceCloner: VoiceMaker {
    private let information: ModelInformation
    private let configuration: Configuration
    private let speakerWeights: Weights
    private let speakerConfiguration: SpeakerEncoderConfiguration?
    private let codecWeights: Weights
    private let codecConfiguration: CodecConfiguration
    /// Clips wait for one another.
    private let processor: Mutex<Processor>

    /// `speaker` and `codec` are the encoders' parts of the checkpoint; without a configuration it has no speaker encoder.
    init(
        _ information: ModelInformation, _ configuration: Configuration,
        speaker: (Weights, SpeakerEncoderConfiguration?), codec: (Weights, CodecConfiguration), kernels: Kernels
    ) {
        self.information = information
        self.configuration = configuration
        (speakerWeights, speakerConfiguration) = speaker
        (codecWeights, codecConfiguration) = codec
        processor = Mutex(Processor(kernels: kernels))
    }

    /// Seconds a reference clip may have: too little says nothing about a voice, and its codes are read with every text.
    private static let clipSeconds = 1.0...60.0
    /// Root mean square below which a clip is silence, -60 dB.
    private static let silence: Float = 0.001
    /// Appended before encoding: without it the end of the clip runs into the speech.
    private static let silenceAfterClip = 0.5

    package func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice {
        try prompt(clip, transcript: transcript).prepared
    }

    package func accepts(_ voice: PreparedVoice) -> Bool { VoicePrompt(voice, for: configuration) != nil }

    func prompt(_ clip: [Float], transcript: String?) throws(SynthesisError) -> VoicePrompt {
        try check(clip)
        let vector = try speaker(of: clip)
        guard vector.allSatisfy(\.isFinite) else { throw .badReference("The speaker encoder gave no finite vector.") }
        guard let transcript, information.clonesInContext else { return VoicePrompt(speaker: vector) }
        guard transcript.isSpeakable else {
            throw .badReference("its transcript is empty; leave it out to clone by the sound alone.")
        }
        let count = transcript.unicodeScalars.count
        guard count <= SpeechRequest.promptLimit else {
            throw .textTooLong(characters: count, limit: SpeechRequest.promptLimit)
        }
        let silence = [Float](repeating: 0, count: Int(Self.silenceAfterClip * Double(information.sampleRate)))
        return VoicePrompt(
            speaker: vector, codes: try codes(of: clip + silence), transcript: transcript.trimmingWhitespace())
    }

    private func check(_ clip: [Float]) throws(SynthesisError) {
        let seconds = Double(clip.count) / Double(information.sampleRate)
        guard Self.clipSeconds.contains(seconds) else {
            throw .badReference("it is \((seconds * 10).rounded() / 10) s long; \(ClipLength.advice).")
        }
        guard clip.allSatisfy(\.isFinite) else { throw .badReference("it holds samples that are no numbers.") }
        let power = clip.reduce(0.0) { $0 + Double($1 * $1) } / Double(clip.count)
        guard Float(power.squareRoot()) >= Self.silence else {
            throw .badReference("it is silent. Record it again, closer to the microphone.")
        }
    }

    private func speaker(of clip: [Float]) throws(SynthesisError) -> [Float] {
        guard let speakerConfiguration else {
            throw .unsupported(
                "This checkpoint (\(information.variant)) cannot clone voices: it has no speaker encoder.")
        }
        return try attempt { processor in
            try SpeakerEncoder(speakerWeights, speakerConfiguration).embed(clip, on: processor)
        }
    }

    private func codes(of clip: [Float]) throws(SynthesisError) -> [[Int]] {
        try attempt { processor in
            try CodecEncoder(codecWeights, codecConfiguration).encode(clip, on: processor)
        }
    }

    /// Errors of the parts as errors of synthesis.
    private func attempt<Value: Sendable>(_ body: (Processor) throws -> Value) throws(SynthesisError) -> Value {
        do {
            return try processor.withLock { try body($0) }
        } catch let error as CodecError {
            throw .badReference("\(error).")
        } catch {
            throw .failed("\(error)")
        }
    }
}
