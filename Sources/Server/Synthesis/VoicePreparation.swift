// Voices are made beside the speech in progress, which goes first.

import Speech

/// Makes one voice after the other on a thread of its own: a clip takes many times as long as a frame may.
actor VoicePreparation {
    private let thread = SynthesisThread(niceness: 10)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }
    private nonisolated let maker: any VoiceMaker

    init(_ maker: any VoiceMaker) {
        self.maker = maker
    }

    func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice {
        try maker.prepare(clip, transcript: transcript)
    }

    nonisolated func accepts(_ voice: PreparedVoice) -> Bool { maker.accepts(voice) }
}
