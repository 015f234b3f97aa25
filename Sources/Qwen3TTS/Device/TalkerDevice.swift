// The seam below the generation loop: where talker, code predictor and codec decoder compute. What crosses it are values in
// this computer's memory, a few rows of floats and some codes a frame; what a device keeps for a generation (keys and values,
// tails of convolutions) stays with it behind an opaque object. Tokenizer, prompt, embeddings, sampling, batching and the
// guards are above the seam and shared by all devices.

package import Compute

/// What the talker keeps of one generation: keys and values of the positions read so far, wherever the device has them.
package protocol TalkerCache: AnyObject {
    /// A copy of the first `positions`, no larger than they are.
    func snapshot(_ positions: Int) -> any TalkerCache

    /// Forgets everything and begins with all positions of a snapshot of the same device.
    func restore(_ snapshot: any TalkerCache)

    /// Positions that are read.
    var count: Int { get }

    /// Bytes of memory it holds, wherever that is.
    var byteCount: Int { get }
}

/// What one generation has in a step of the talker: its rows follow the positions in its cache.
package struct TalkerSegment {
    package let cache: any TalkerCache
    package let count: Int

    package init(cache: any TalkerCache, count: Int) {
        self.cache = cache
        self.count = count
    }
}

/// A talker with its code predictor on some device. It belongs to one thread; what one generation gets never depends on the
/// others of a call.
package protocol TalkerDevice: AnyObject {
    /// The cache of a new generation, with room for `capacity` positions; it grows by itself.
    func makeCache(capacity: Int) -> any TalkerCache

    /// Runs x [n, hidden], which holds the rows of the segments one after the other, through the talker's layers. `normed`
    /// [n, hidden] becomes the output after the final norm; x is used up.
    func step(_ x: Rows, _ segments: [TalkerSegment], into normed: Rows)

    /// Logits [n, vocabulary] of code 0 from outputs of `step` [n, hidden].
    func logits(_ hidden: Rows, into logits: Rows)

    /// Codes 1… of a frame for each of n generations. `hidden` are outputs of `step`, `first` the embeddings of code 0, both
    /// [n, hidden]. `choose` picks the code of generation i and group g (from 0) from its logits [1, vocabulary]. A generation
    /// is left out as soon as `isCancelled` says so between two passes.
    func predict(
        hidden: Rows, first: Rows, isCancelled: (_ generation: Int) -> Bool,
        choose: (_ generation: Int, _ group: Int, _ logits: Rows) -> Int)
}

/// What the codec decoder keeps of one utterance.
package protocol CodecState: AnyObject {}

/// One utterance's way through a codec: codes go in, sound comes out.
package final class CodecStream {
    package let state: any CodecState
    /// Of the frames that become sound next, one frame after the other.
    package var codes: [Int] = []
    /// Their sound [frames · samplesPerFrame] in [-1, 1], or what is no number where the model gives none; empty when the
    /// utterance was cancelled. It keeps its memory when that is enough and not shared.
    package var samples: [Float] = []
    /// Why there is none. The state is as before then.
    package var error: CodecError?

    package init(_ state: any CodecState) { self.state = state }
}

/// A codec decoder on some device. It belongs to one thread; what one utterance gets never depends on the others of a call.
package protocol CodecDevice: AnyObject {
    /// The state of a new utterance.
    func makeState() -> any CodecState

    /// The codes of every stream, each of one frame at least, as its samples. `isCancelled` is asked between layers: then a
    /// stream has no samples, and nothing follows.
    func decode(_ streams: [CodecStream], isCancelled: (_ stream: Int) -> Bool)
}
