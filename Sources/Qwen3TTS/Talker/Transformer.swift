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
        var layers: [TransformerLayer] = []
        for index in 0..<c.num_hidden_layers {
            layers.append(try TransformerLayer(weights["layers"][index], c))
        }
        self.layers = layers
        norm = Rows(try weights["norm"].floats("weight", shape: [c.hidden_size]), columns: c.hidden_size)
        rotary = RotaryEmbedding(dim: c.head_dim, theta: c.rope_theta)
    }

    package func makeCache(capacity: Int) -> KVCache {
        KVCache(
            layers: layers.count, columns: configuration.num_key_value_heads * configuration.head_dim,
            capacity: capacity)
    }

    /// Runs the positions x [n, hidden] after those in the cache; x becomes the residual stream after the last layer and
    /// `normed` [n, hidden] its final norm. `trace` sees the residual stream after each layer.
    package func step(
        _ x: Rows, cache: KVCache, normed: Rows, scratch: TransformerScratch, on processor: Processor,
        trace: ((Int, Rows) -> Void)? = nil
    ) {
        precondition(x.rows <= scratch.capacity && x.columns == configuration.hidden_size)
        cache.reserve(x.rows)
        for row in 0..<x.rows { rotary.fill(scratch.angles[row], position: cache.count + row) }
        for (index, layer) in layers.enumerated() {
            attend(layer, index, x, cache, scratch, processor)
            feedForward(layer, x, scratch, processor)
            trace?(index, x)
        }
        cache.advance(x.rows)
        processor.kernels.rmsNorm(normed, x, weight: norm, epsilon: configuration.rms_norm_eps)
    }

    private func attend(
        _ layer: TransformerLayer, _ index: Int, _ x: Rows, _ cache: KVCache, _ scratch: TransformerScratch,
        _ processor: Processor
    ) {
        let c = configuration
        let (n, past, kernels) = (x.rows, cache.count, processor.kernels)
        let normed = scratch.normed[0..<n]
        let projections = scratch.queryKeyValue[0..<n]
        let attended = scratch.attended[0..<n]
        let keys = cache.keys(index, rows: past + n)
        let values = cache.values(index, rows: past + n)
        kernels.rmsNorm(normed, x, weight: layer.attentionNorm, epsilon: c.rms_norm_eps)
        layer.queryKeyValue.apply(normed, into: projections, on: processor)
        let query = projections.columns(0..<c.num_attention_heads * c.head_dim)
        let key = projections.columns(query.columns..<query.columns + keys.columns)
        let value = projections.columns(query.columns + keys.columns..<projections.columns)
        values[past..<past + n].copy(from: value)
        for position in 0..<n {
            let angles = scratch.angles[position]
            rotate(query[position], into: query[position], angles, norm: layer.queryNorm, kernels)
            rotate(key[position], into: keys[past + position], angles, norm: layer.keyNorm, kernels)
        }
        let group = c.num_attention_heads / c.num_key_value_heads
        let scale = 1 / Float(c.head_dim).squareRoot()
        for position in 0..<n {
            let count = past + position + 1
            let scores = scratch.scores(group * count)
            for head in 0..<c.num_key_value_heads {
                let columns = head * c.head_dim..<(head + 1) * c.head_dim
                kernels.attention(
                    attended.heads(position, head * group..<(head + 1) * group, dim: c.head_dim),
                    q: query.heads(position, head * group..<(head + 1) * group, dim: c.head_dim),
                    k: keys[0..<count].columns(columns), v: values[0..<count].columns(columns), scale: scale,
                    scores: scores)
            }
        }
        let projected = scratch.projected[0..<n]
        layer.output.apply(attended, into: projected, on: processor)
        kernels.add(x, projected)
    }

    /// y = the heads of x [1, heads · head_dim], each normalised and rotated. y may be x.
    private func rotate(_ x: Rows, into y: Rows, _ angles: Rows, norm: Rows, _ kernels: Kernels) {
        let dim = configuration.head_dim
        let heads = 0..<x.columns / dim
        kernels.rmsNorm(
            y.heads(0, heads, dim: dim), x.heads(0, heads, dim: dim), weight: norm,
            epsilon: configuration.rms_norm_eps)
        kernels.rotate(y, cos: angles.columns(0..<dim / 2), sin: angles.columns(dim / 2..<dim), dim: dim)
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
