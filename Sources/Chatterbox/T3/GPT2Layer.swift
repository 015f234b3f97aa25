// x ← x + attention(norm(x));  x ← x + mlp(norm(x)).  `GPT2Block`: as many heads of keys and values as of queries,
// and two layers with a gelu between them.

import Compute
import ModelFile

struct GPT2Layer {
    let attentionNorm: LayerNorm  // ln_1 [hidden]
    let queryKeyValue: Linear  // attn.c_attn [3 · hidden, hidden]
    let attentionOutput: Linear  // attn.c_proj [hidden, hidden]
    let mlpNorm: LayerNorm  // ln_2 [hidden]
    let expansion: Linear  // mlp.c_fc [inner, hidden]
    let contraction: Linear  // mlp.c_proj [hidden, inner]

    var isFloat32: Bool {
        [queryKeyValue, attentionOutput, expansion, contraction].allSatisfy { $0.format == .f32 }
    }

    init(_ weights: Weights, _ c: T3Configuration) throws(ModelFileError) {
        let (attention, mlp) = (weights["attn"], weights["mlp"])
        attentionNorm = try LayerNorm(weights["ln_1"], columns: c.hidden)
        queryKeyValue = try c.order.linear(attention["c_attn"], inputs: c.hidden, outputs: 3 * c.hidden)
        attentionOutput = try c.order.linear(attention["c_proj"], inputs: c.hidden, outputs: c.hidden)
        mlpNorm = try LayerNorm(weights["ln_2"], columns: c.hidden)
        expansion = try c.order.linear(mlp["c_fc"], inputs: c.hidden, outputs: c.inner)
        contraction = try c.order.linear(mlp["c_proj"], inputs: c.inner, outputs: c.hidden)
    }
}
