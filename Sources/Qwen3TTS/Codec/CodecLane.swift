// Utterances that pass through the decoder together. Their rows follow one another in a signal, so that a layer whose weights
// take longer to read than to multiply reads them once for all. What one gets never depends on the others.

import Compute

/// What one utterance has in a step of the decoder.
package struct CodecLane {
    package let state: CodecDecoder.State
    /// Of its next frames, one frame after the other, each as it is allowed to be.
    let codes: [Int]
    package let frames: Int
}

extension ArraySlice<CodecLane> {
    /// Of all.
    var frames: Int { reduce(0) { $0 + $1.frames } }

    /// Each lane with its rows of x, which holds as many for every frame.
    func forEach(in x: Rows, _ body: (CodecLane, Rows) -> Void) {
        let perFrame = x.rows / frames
        var first = 0
        for lane in self {
            body(lane, x[first..<first + lane.frames * perFrame])
            first += lane.frames * perFrame
        }
    }
}
