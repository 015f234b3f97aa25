// x ← x + attention(norm(x));  x ← x + mlp(norm(x)).  `Qwen3TTSTalkerDecoderLayer`: grouped-query attention with an RMS
// norm on each head of q and k before rotation, and a gated MLP.

import Compute
import ModelFile

package struct TransformerLayer {
    let attentionNorm: Rows  // [1, hidden]
    let queryNorm: Rows  // [1, head_dim]
    let keyNorm: Rows  // [1, head_dim]
    let queryKeyValue: LinearGroup  // [(heads + 2 · kvHeads) · head_dim, hidden]
    let output: Linear  // [hidden, heads · head_dim]
    let mlpNorm: Rows  // [1, hidden]
    let gateUp: LinearGroup  // [2 · intermediate, hidden]
    let down: Linear  // [hidden, intermediate]

    var isFloat32: Bool {
        queryKeyValue.isFloat32 && output.format == .f32 && gateUp.isFloat32 && down.format == .f32
    }

    init(_ weights: Weights, _ c: TransformerConfiguration) throws(ModelFileError) {
        let (hidden, dim) = (c.hidden_size, c.head_dim)
        let (heads, kvHeads) = (c.num_attention_heads * dim, c.num_key_value_heads * dim)
        attentionNorm = Rows(try weights["input_layernorm"].floats("weight", shape: [hidden]), columns: hidden)
        let attention = weights["self_attn"]
        queryNorm = Rows(try attention["q_norm"].floats("weight", shape: [dim]), columns: dim)
        keyNorm = Rows(try attention["k_norm"].floats("weight", shape: [dim]), columns: dim)
        queryKeyValue = LinearGroup([
            try Linear(attention["q_proj"], rows: heads, columns: hidden),
            try Linear(attention["k_proj"], rows: kvHeads, columns: hidden),
            try Linear(attention["v_proj"], rows: kvHeads, columns: hidden),
        ])
        output = try Linear(attention["o_proj"], rows: hidden, columns: heads)
        mlpNorm = Rows(try weights["post_attention_layernorm"].floats("weight", shape: [hidden]), columns: hidden)
        gateUp = LinearGroup([
            try Linear(weights["mlp"]["gate_proj"], rows: c.intermediate_size, columns: hidden),
            try Linear(weights["mlp"]["up_proj"], rows: c.intermediate_size, columns: hidden),
        ])
        down = try Linear(weights["mlp"]["down_proj"], rows: hidden, columns: c.intermediate_size)
    }
}

/// Memory of a stack's intermediate results, reused by every step.
package final class TransformerScratch {
    let normed, queryKeyValue, attended, projected, gateUp: Rows
    let angles: Rows  // [capacity, head_dim], of the step's positions
    package let capacity: Int

    /// `capacity`: the most positions one call may hold.
    package init(_ c: TransformerConfiguration, capacity: Int) {
        let heads = c.num_attention_heads * c.head_dim
        self.capacity = capacity
        normed = Rows(rows: capacity, columns: c.hidden_size)
        queryKeyValue = Rows(rows: capacity, columns: heads + 2 * c.num_key_value_heads * c.head_dim)
        attended = Rows(rows: capacity, columns: heads)
        projected = Rows(rows: capacity, columns: c.hidden_size)
        gateUp = Rows(rows: capacity, columns: 2 * c.intermediate_size)
        angles = Rows(rows: capacity, columns: c.head_dim)
    }
}
