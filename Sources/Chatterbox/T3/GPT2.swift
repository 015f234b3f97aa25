// The transformer of T3 with its final norm.  `GPT2Model`.

package import Compute
import ModelFile

package struct GPT2 {
    package let configuration: T3Configuration
    private let positions: Embedding  // wpe [positions, hidden]
    private let layers: [GPT2Layer]
    private let norm: LayerNorm  // ln_f [hidden]

    /// `weights` is `tfmr`.
    init(_ weights: Weights, _ c: T3Configuration) throws(ModelFileError) {
        configuration = c
        positions = try Embedding(weights["wpe"], entries: c.positions, columns: c.hidden)
        // Before anything of them is touched: pages keep the size they are read in.
        weights["h"].preferLargePages()
        var layers: [GPT2Layer] = []
        for index in 0..<c.layers { layers.append(try GPT2Layer(weights["h"][index], c)) }
        self.layers = layers
        norm = try LayerNorm(weights["ln_f"], columns: c.hidden)
    }

    /// Whether no matrix of the layers is rounded.
    var isFloat32: Bool { layers.allSatisfy(\.isFloat32) }

    func makeCache(capacity: Int, precision: CachePrecision) -> KVCache {
        KVCache(
            layers: layers.count, heads: configuration.heads, dim: configuration.headDimension, capacity: capacity,
            precision: precision)
    }

    /// Runs x [n, hidden], which holds the rows of the segments one after the other, without positions, all through
    /// each layer at once; x becomes the residual stream after the last layer and `normed` [n, hidden] its final
    /// norm. What one segment gives never depends on the others. `trace` sees what attention and mlp add, and the
    /// stream after each layer.
    package func step(
        _ x: Rows, _ segments: [Segment], normed: Rows, scratch: GPT2Scratch, on processor: Processor,
        trace: ((String, Rows) -> Void)? = nil
    ) {
        precondition(x.rows <= scratch.capacity && x.columns == configuration.hidden)
        var row = 0
        for segment in segments {
            segment.cache.reserve(segment.count)
            for position in segment.cache.count..<segment.cache.count + segment.count {
                positions.lookUp(position, into: x[row], adding: true)
                row += 1
            }
        }
        precondition(row == x.rows, "the segments have \(row) rows, x has \(x.rows)")
        for (index, layer) in layers.enumerated() {
            let added = scratch.projected[0..<x.rows]
            attend(layer, index, x, segments, into: added, scratch, processor)
            trace?("attn\(index)", added)
            processor.kernels.add(x, added)
            feedForward(layer, x, into: added, scratch, processor)
            trace?("mlp\(index)", added)
            processor.kernels.add(x, added)
            trace?("block\(index)", x)
        }
        for segment in segments { segment.cache.advance(segment.count) }
        norm.apply(x, into: normed, processor.kernels)
    }

    private func attend(
        _ layer: GPT2Layer, _ index: Int, _ x: Rows, _ segments: [Segment], into y: Rows, _ scratch: GPT2Scratch,
        _ processor: Processor
    ) {
        let (heads, hidden, dim) = (configuration.heads, configuration.hidden, configuration.headDimension)
        let (n, kernels) = (x.rows, processor.kernels)
        let normed = scratch.normed[0..<n]
        let projections = scratch.queryKeyValue[0..<n]
        let attended = scratch.attended[0..<n]
        layer.attentionNorm.apply(x, into: normed, kernels)
        layer.queryKeyValue.apply(normed, into: projections, on: processor)
        let query = projections.columns(0..<hidden)
        let key = projections.columns(hidden..<2 * hidden)
        let value = projections.columns(2 * hidden..<3 * hidden)
        var row = 0
        for segment in segments {
            let (cache, past, rows) = (segment.cache, segment.cache.count, row..<row + segment.count)
            for (position, row) in zip(past..., rows) {
                cache.write(
                    index, position: position, keys: key.heads(row, 0..<heads, dim: dim),
                    values: value.heads(row, 0..<heads, dim: dim), kernels)
            }
            cache.attend(index, first: past, queries: query[rows], into: attended[rows], on: processor)
            row = rows.upperBound
        }
        layer.attentionOutput.apply(attended, into: y, on: processor)
    }

    private func feedForward(
        _ layer: GPT2Layer, _ x: Rows, into y: Rows, _ scratch: GPT2Scratch, _ processor: Processor
    ) {
        let normed = scratch.normed[0..<x.rows]
        let wide = scratch.wide[0..<x.rows]
        layer.mlpNorm.apply(x, into: normed, processor.kernels)
        layer.expansion.apply(normed, into: wide, on: processor)
        processor.kernels.geluTanh(wide)
        layer.contraction.apply(wide, into: y, on: processor)
    }
}

/// Memory of the intermediate results, reused by every step.
package final class GPT2Scratch {
    let normed, queryKeyValue, attended, projected, wide: Rows
    package let capacity: Int

    /// `capacity`: the most rows one call may hold.
    package init(_ c: T3Configuration, capacity: Int) {
        self.capacity = capacity
        normed = Rows(rows: capacity, columns: c.hidden)
        queryKeyValue = Rows(rows: capacity, columns: 3 * c.hidden)
        attended = Rows(rows: capacity, columns: c.hidden)
        projected = Rows(rows: capacity, columns: c.hidden)
        wide = Rows(rows: capacity, columns: c.inner)
    }
}
