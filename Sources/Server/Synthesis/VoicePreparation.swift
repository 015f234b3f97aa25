// Voices are made beside the speech in progress, which goes first.

import Speech

/// Makes one voice after the other on a thread of its own: a clip takes many times as long as a frame may.
actor VoicePreparation<Generator: SpeechGenerator> {
    private let thread = SynthesisThread(niceness: 10)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    private nonisolated let generator: Generator

    init(_ generator: Generator) {
        self.generator = generator
    }

    func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> VoicePrompt {
        try generator.prepare(clip, transcript: transcript)
    }
}
