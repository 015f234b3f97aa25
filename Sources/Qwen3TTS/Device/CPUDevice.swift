// The devices of this computer's processor.

package import Compute

extension KVCache: TalkerCache {
    package func snapshot(_ positions: Int) -> any TalkerCache { prefix(positions) }

    package func restore(_ snapshot: any TalkerCache) { start(with: KVCache.here(snapshot)) }

    fileprivate static func here(_ cache: any TalkerCache) -> KVCache {
        guard let cache = cache as? KVCache else { preconditionFailure("a cache of another device") }
        return cache
    }
}

/// Talker and code predictor on the processor.
package final class CPUTalker: TalkerDevice {
    private let talker: Talker
    private let processor: Processor
    // Memory of the passes, reused by every step. It grows to the largest batch.
    private var scratch: TransformerScratch
    private var predictorScratch: CodePredictor.Scratch
    private var segments: [Segment] = []
    /// One for each generation of a frame: they begin anew with every frame.
    private var predictorCaches: [KVCache] = []

    package init(_ talker: Talker, on processor: Processor) {
        self.talker = talker
        self.processor = processor
        scratch = TransformerScratch(talker.configuration.talker, capacity: 1)
        predictorScratch = talker.codePredictor.makeScratch()
    }

    package func makeCache(capacity: Int) -> any TalkerCache { talker.makeCache(capacity: capacity) }

    package func step(_ x: Rows, _ segments: [TalkerSegment], into normed: Rows) {
        if x.rows > scratch.capacity {
            let capacity = max(x.rows, 2 * scratch.capacity)
            scratch = TransformerScratch(talker.configuration.talker, capacity: capacity)
        }
        self.segments.removeAll(keepingCapacity: true)
        for segment in segments {
            self.segments.append(Segment(cache: KVCache.here(segment.cache), count: segment.count))
        }
        processor.at(.talker, shape: x.rows) {
            talker.stack.step(x, self.segments, normed: normed, scratch: scratch, on: $0)
        }
    }

    package func logits(_ hidden: Rows, into logits: Rows) { talker.logits(hidden, into: logits, on: processor) }

    package func predict(
        hidden: Rows, first: Rows, isCancelled: (_ generation: Int) -> Bool,
        choose: (_ generation: Int, _ group: Int, _ logits: Rows) -> Int
    ) {
        makeRoom(for: hidden.rows)
        var isWhole = true
        processor.at(.predictor, shape: hidden.rows) {
            talker.codePredictor.predict(
                hidden: hidden, first: first, caches: predictorCaches, predictorScratch, on: $0,
                isCancelled: { generation in
                    let isOver = isCancelled(generation)
                    if isOver { isWhole = false }
                    return isOver
                }, choose: choose)
            return isWhole ? () : nil
        }
    }

    private func makeRoom(for generations: Int) {
        guard generations > predictorCaches.count else { return }
        let room = max(generations, 2 * predictorCaches.count)
        predictorScratch = talker.codePredictor.makeScratch(utterances: room)
        while predictorCaches.count < room { predictorCaches.append(talker.codePredictor.makeCache()) }
    }
}

extension CodecDecoder.State: CodecState {}

/// The codec decoder on the processor.
package final class CPUCodec: CodecDevice {
    private let decoder: CodecDecoder
    private let workspace = CodecWorkspace()
    private let processor: Processor
    // Used again by every call: the utterances, and which stream each is.
    private var lanes: [CodecLane] = []
    private var sources: [Int] = []

    package init(_ decoder: CodecDecoder, on processor: Processor) {
        self.decoder = decoder
        self.processor = processor
    }

    package func makeState() -> any CodecState { decoder.makeState(workspace) }

    package func decode(_ streams: [CodecStream], isCancelled: (_ stream: Int) -> Bool) {
        sources.removeAll(keepingCapacity: true)
        // Codes that are held here could not be replaced where they are.
        defer { lanes.removeAll(keepingCapacity: true) }
        for (index, stream) in streams.enumerated() {
            guard let state = stream.state as? CodecDecoder.State else {
                preconditionFailure("a state of another device")
            }
            stream.samples.removeAll(keepingCapacity: true)
            do {
                lanes.append(try decoder.lane(stream.codes, state))
                sources.append(index)
            } catch {
                stream.error = error
            }
        }
        decoder.step(lanes, on: processor, isCancelled: { isCancelled(sources[$0]) }) { lane, samples in
            samples.read(into: &streams[sources[lane]].samples)
        }
    }
}
