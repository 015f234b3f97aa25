// What the flow remembers of a signal that comes in parts.

import Compute

package struct FlowMemory {
    var encoder: SignalMemory? = SignalMemory()
    /// Of the estimator, in each step.
    var steps: [SignalMemory?]
    let speaker: Rows  // [1, bands]

    init(steps: Int, speaker: Rows) {
        self.steps = (0..<steps).map { _ in SignalMemory() }
        self.speaker = speaker
    }

    /// Bytes of memory it holds.
    package var byteCount: Int { ([encoder] + steps).reduce(0) { $0 + ($1?.byteCount ?? 0) } }
}
