import Compute
import Synchronization
import Testing

@testable import Qwen3TTS

/// The devices on which the engine is tested.
enum TestDevice: String, CaseIterable, Sendable {
    case processor
    /// A second implementation of the seam: scalar kernels that compute in memory of their own, as a card would.
    case remote

    func engine(_ directory: String, threads: Int = 1) throws -> Qwen3Engine {
        switch self {
        case .processor: return try Qwen3Engine(directory: directory, threads: threads)
        case .remote:
            let checkpoint = try Checkpoint(directory: directory)
            let talker = try checkpoint.talker()
            let processor = Processor(
                kernels: try #require(Kernels.available.first { $0.name == "scalar" }), threads: threads)
            return Qwen3Engine(
                checkpoint, talker.embeddings, talker: RemoteTalker(CPUTalker(talker, on: processor)),
                codec: RemoteCodec(CPUCodec(try checkpoint.decoder(), on: processor)),
                on: Processor(kernels: .best, threads: threads))
        }
    }
}

/// What has crossed the seam.
final class Traffic: Sendable {
    private let count = Atomic(0)
    var bytes: Int { count.load(ordering: .relaxed) }
    func add(_ rows: Rows) { count.add(4 * rows.rows * rows.columns, ordering: .relaxed) }
    func add(bytes: Int) { count.add(bytes, ordering: .relaxed) }
}

/// Everything that crosses the seam is copied, and nothing the caller holds is what the device computes with.
final class RemoteTalker: TalkerDevice {
    private let inner: CPUTalker
    let traffic = Traffic()

    init(_ inner: CPUTalker) { self.inner = inner }

    private final class Cache: TalkerCache {
        let inner: any TalkerCache
        init(_ inner: any TalkerCache) { self.inner = inner }
        var count: Int { inner.count }
        var byteCount: Int { inner.byteCount }
        func snapshot(_ positions: Int) -> any TalkerCache { Cache(inner.snapshot(positions)) }
        func restore(_ snapshot: any TalkerCache) { inner.restore((snapshot as! Cache).inner) }
    }

    private func copy(_ rows: Rows) -> Rows {
        traffic.add(rows)
        return Rows(rows.values, columns: rows.columns)
    }

    private func give(_ computed: Rows, to rows: Rows) {
        traffic.add(rows)
        rows.copy(from: computed)
    }

    func makeCache(capacity: Int) -> any TalkerCache { Cache(inner.makeCache(capacity: capacity)) }

    func step(_ x: Rows, _ segments: [TalkerSegment], into normed: Rows) {
        let (input, output) = (copy(x), Rows(rows: normed.rows, columns: normed.columns))
        inner.step(
            input, segments.map { TalkerSegment(cache: ($0.cache as! Cache).inner, count: $0.count) }, into: output)
        // Used up, as the contract says.
        x.fill(.nan)
        give(output, to: normed)
    }

    func logits(_ hidden: Rows, into logits: Rows) {
        let output = Rows(rows: logits.rows, columns: logits.columns)
        inner.logits(copy(hidden), into: output)
        give(output, to: logits)
    }

    func predict(
        hidden: Rows, first: Rows, isCancelled: (Int) -> Bool, choose: (Int, Int, Rows) -> Int
    ) {
        inner.predict(hidden: copy(hidden), first: copy(first), isCancelled: isCancelled) { generation, group, logits in
            choose(generation, group, copy(logits))
        }
    }
}

final class RemoteCodec: CodecDevice {
    private let inner: CPUCodec
    let traffic = Traffic()

    init(_ inner: CPUCodec) { self.inner = inner }

    private final class State: CodecState {
        let inner: any CodecState
        init(_ inner: any CodecState) { self.inner = inner }
    }

    func makeState() -> any CodecState { State(inner.makeState()) }

    func decode(_ streams: [CodecStream], isCancelled: (Int) -> Bool) {
        let copies = streams.map { stream in
            let copy = CodecStream((stream.state as! State).inner)
            copy.codes = stream.codes
            return copy
        }
        inner.decode(copies, isCancelled: isCancelled)
        for (stream, copy) in zip(streams, copies) {
            traffic.add(bytes: 4 * copy.samples.count + 8 * copy.codes.count)
            stream.samples = copy.samples
            stream.error = copy.error
        }
    }
}
