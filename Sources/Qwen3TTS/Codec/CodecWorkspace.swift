// What a step of the decoder needs and nobody keeps: utterances take turns in it, and so do the layers.

import Compute

package final class CodecWorkspace {
    let window = ConvolutionWindow()
    /// What a layer gives is read by the next: they write here and there by turns.
    let even = SignalBuffer()
    let odd = SignalBuffer()
    /// Of all lanes, where each goes on by itself.
    let fork = SignalBuffer()
    /// Beside the signal: what a layer adds to it, and what it is computed from.
    let branch = SignalBuffer()
    let normed = SignalBuffer()
    let wide = SignalBuffer()
    let transformer = TransformerScratch()

    package init() {}

    /// Of the transformer's layers.
    final class TransformerScratch {
        let hidden = SignalBuffer()
        let angles = SignalBuffer()
        let normed = SignalBuffer()
        let result = SignalBuffer()
        let gate = SignalBuffer()
        let up = SignalBuffer()
        let attention = AttentionScratch()
    }

    /// Of an attention.
    final class AttentionScratch {
        /// That are in it.
        var positions = 0
        let queries = SignalBuffer()
        let newKeys = SignalBuffer()
        let newValues = SignalBuffer()
        let result = SignalBuffer()
        let scores = SignalBuffer()
    }
}
