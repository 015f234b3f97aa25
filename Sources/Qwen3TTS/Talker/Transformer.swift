// A Qwen3 decoder stack with its final norm: the talker's and the code predictor's.

package import Compute
package import ModelFile

package struct Transformer {
    package let configuration: TransformerConfiguration
    private let layers: [TransformerLayer]
    private let norm: Rows  // [1, hidden]
    private let rotary: RotaryEmbedding

    /// `weights` holds `layers.N` and `norm`.
    package init(_ weights: Weights, _ c: TransformerConfiguration) throws(ModelFileError) {
        configuration = c
        // Before anything of them is touched: pages keep the size they are read in.
        weights["layers"].preferLargePages()
        var layers: [TransformerLayer] = []
        for index in 0..<c.num_hidden_layers {
            layers.append(try TransformerLayer(weights["layers"][index], c))
        }
        self.layers = layers
        norm = Rows(try weights["norm"].floats("weight", shape: [c.hidden_size]), columns: c.hidden_size)
        rotary = RotaryEmbedding(dim: c.head_dim, theta: c.rope_theta)
    }

    /// Whether no matrix of the layers is rounded.
    package var isFloat32: Bool { layers.allSatisfy(\.isFloat32) }

    package func makeCache(capacity: Int, precision: CachePrecision) -> KVCache {
        KVCache(
            layers: layers.count, heads: configuration.num_key_value_heads, dim: configuration.head_dim,
            capacity: capacity, precision: precision)
    }

    /// Runs x [n, hidden], which holds the rows of the segments one after the other, all through each layer at once; x
    /// becomes the residual stream after the last layer and `normed` [n, hidden] its final norm. What one segment gives
    /// never depends on the others. `trace` sees the residual stream after each layer.
    package func step(
        _ x: Rows, _ segments: [Segment], normed: Rows, scratch: TransformerScratch, on processor: Processor,
        trace: ((Int, Rows) -> Void)? = nil
    ) {
        precondition(x.rows <= scratch.capacity && x.columns == configuration.hidden_size)
        var row = 0
        for segment in segments {
            segment.cache.reserve(segment.count)
            for position in 0..<segment.count {
                rotary.fill(scratch.angles[row], position: segment.cache.count + position)
                row += 1
            }
        }
        precondition(row == x.rows, "the segments have \(row) rows, x has \(x.rows)")
        for (index, layer) in layers.enumerated() {
            attend(layer, index, x, segments, scratch, processor)
            feedForward(layer, x, scratch, processor)
            trace?(index, x)
        }
        for segment in segments { segment.cache.advance(segment.count) }
        processor.kernels.rmsNorm(normed, x, weight: norm, epsilon: configuration.rms_norm_eps)
    }

    private func attend(
        _ layer: TransformerLayer, _ index: Int, _ x: Rows, _ segments: [Segment], _ scratch: TransformerScratch,
        _ processor: Processor
    ) {
        let c = configuration
        let (n, kernels) = (x.rows, processor.kernels)
        let normed = scratch.normed[0..<n]
        let projections = scratch.queryKeyValue[0..<n]
        let attended = scratch.attended[0..<n]
        kernels.rmsNorm(normed, x, weight: layer.attentionNorm, epsilon: c.rms_norm_eps)
        layer.queryKeyValue.apply(normed, into: projections, on: processor)
        let (queries, cached) = (c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim)
        let query = projections.columns(0..<queries)
        let key = projections.columns(queries..<queries + cached)
        let value = projections.columns(queries + cached..<queries + 2 * cached)
        var row = 0
        for segment in segments {
            let (cache, past, rows) = (segment.cache, segment.cache.count, row..<row + segment.count)
            for (position, row) in zip(past..., rows) {
                let queries = query.heads(row, 0..<c.num_attention_heads, dim: c.head_dim)
                let keys = key.heads(row, 0..<c.num_key_value_heads, dim: c.head_dim)
                let values = value.heads(row, 0..<c.num_key_value_heads, dim: c.head_dim)
                rotate(queries, scratch.angles[row], norm: layer.queryNorm, kernels)
                rotate(keys, scratch.angles[row], norm: layer.keyNorm, kernels)
                cache.write(index, position: position, keys: keys, values: values, kernels)
            }
            cache.attend(index, first: past, queries: query[rows], into: attended[rows], on: processor)
            row = rows.upperBound
        }
        let projected = scratch.projected[0..<n]
        layer.output.apply(attended, into: projected, on: processor)
        kernels.add(x, projected)
    }

    /// Normalises and rotates each of the heads x [heads, head_dim].
    private func rotate(_ x: Rows, _ angles: Rows, norm: Rows, _ kernels: Kernels) {
        let half = configuration.head_dim / 2
        kernels.rmsNorm(x, x, weight: norm, epsilon: configuration.rms_norm_eps)
        kernels.rotate(heads: x, cos: angles.columns(0..<half), sin: angles.columns(half..<2 * half))
    }

    private func feedForward(
        _ layer: TransformerLayer, _ x: Rows, _ scratch: TransformerScratch, _ processor: Processor
    ) {
        let n = x.rows
        let normed = scratch.normed[0..<n]
        let gateUp = scratch.gateUp[0..<n]
        let gate = gateUp.columns(0..<configuration.intermediate_size)
        let up = gateUp.columns(configuration.intermediate_size..<gateUp.columns)
        let projected = scratch.projected[0..<n]
        processor.kernels.rmsNorm(normed, x, weight: layer.mlpNorm, epsilon: configuration.rms_norm_eps)
        layer.gateUp.apply(normed, into: gateUp, on: processor)
        processor.kernels.siluMultiply(gate, gate: gate, up: up)
        layer.down.apply(gate, into: projected, on: processor)
        processor.kernels.add(x, projected)
    }
}
