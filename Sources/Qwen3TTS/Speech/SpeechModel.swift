// A whole checkpoint, ready to speak.

package import Compute
import ModelFile
package import Speech
import Synchronization

package final class SpeechModel: SpeechGenerator {
    package let information: ModelInformation
    private let cloner: VoiceCloner
    // SAFETY: `SpeechGenerator` belongs to the one thread that calls it; `isBusy` finds who breaks that.
    nonisolated(unsafe) private let engine: SpeechEngine
    private let isBusy = Atomic(false)

    /// `directory` is a checkpoint in the official layout. Without a number of threads the fastest is found by trying.
    package init(directory: String, threads: Int? = 1, kernels: Kernels = .best) throws {
        let processor = threads.map { Processor(kernels: kernels, threads: $0) } ?? .measured(kernels: kernels)
        let engine = try SpeechEngine(directory: directory, on: processor)
        information = engine.information
        cloner = engine.cloner(kernels)
        unsafe self.engine = engine
    }

    package func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> VoicePrompt {
        try cloner.prepare(clip, transcript: transcript)
    }

    package func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance {
        enter()
        defer { leave() }
        return try unsafe engine.begin(request)
    }

    package func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        enter()
        defer { leave() }
        try unsafe engine.append(text, isLast: isLast, to: utterance)
    }

    package func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        enter()
        defer { leave() }
        return unsafe engine.advance(batch, isCancelled: isCancelled)
    }

    private func enter() {
        precondition(!isBusy.exchange(true, ordering: .acquiring), "a SpeechModel is used by two threads at once")
    }

    private func leave() { isBusy.store(false, ordering: .releasing) }
}
