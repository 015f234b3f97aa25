// A voice as S3Gen goes on from it. What the flow remembers of it is computed for the first piece that needs it, and kept.

import Compute

final class S3GenPrompt {
    let voice: S3GenVoice
    private var known: FlowMemory?

    init(_ voice: S3GenVoice) { self.voice = voice }

    /// What every utterance of the voice begins with.
    func memory(_ model: S3Gen, on processor: Processor) throws(S3GenError) -> FlowMemory {
        if let known { return known }
        // The noise of a prompt has no seed.
        let memory = try model.flow.read(voice, noise: SeededNoise(seed: 0), on: processor)
        known = memory
        return memory
    }

    /// Bytes of memory it holds.
    var byteCount: Int { MemoryLayout<Float>.stride * voice.promptMel.count + (known?.byteCount ?? 0) }
}
