// Who speaks, as T3 is told: an LSTM over windows of a power mel gives one vector.
//
//   LSTM × 3 over each window → its last state → proj → ReLU → unit length → mean over the windows → unit length

package import Compute
package import ModelFile

package struct VoiceEncoder {
    package let mel: VoiceMel
    package let bands: Int
    /// Of the vector.
    package let dimension: Int
    private let layers: [LongShortTermMemory]
    private let projection: PackedConvolution

    /// Frames of a window, and from one to the next: `rate` 1.3 windows a second.
    static let window = 160
    static let step = 77
    /// Of the last window there must be so much to keep it.
    private static let coverage = 0.8
    /// Windows that are computed together, which bounds the memory for a long clip.
    private static let together = 24

    /// `weights` are those of `ve.safetensors`.
    package init(_ weights: Weights) throws(ModelFileError) {
        let memory = weights["lstm"]
        var layers: [LongShortTermMemory] = []
        for index in 0..<memory.count("_l") {
            let layer = try LongShortTermMemory(memory, layer: index)
            guard let below = layers.last?.hidden, below != layer.inputs else {
                layers.append(layer)
                continue
            }
            let tensor = try memory.tensor("weight_ih_l\(index)")
            throw .wrongShape(name: tensor.name, expected: [4 * layer.hidden, below], found: tensor.shape)
        }
        self.layers = layers
        let hidden = layers[layers.count - 1].hidden
        dimension = try weights["proj"].extents("weight", rank: 2)[0]
        projection = try PackedConvolution(
            weights.tensor("proj.weight", shape: [dimension, hidden]),
            ConvolutionShape(inputs: hidden, outputs: dimension), bias: weights.floats("proj.bias", shape: [dimension]),
            format: .float32)
        bands = layers[0].inputs
        mel = VoiceMel(bands: bands)
    }

    /// The vector [dimension] of a 16 kHz clip.
    package func embed(_ samples: [Float], on processor: Processor) throws(ReferenceError) -> [Float] {
        try embed(mel: mel(Array(samples[SilenceTrim.loudPart(of: samples)])), on: processor)
    }

    /// The same of a power mel [frames, bands].
    package func embed(
        mel: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(ReferenceError) -> [Float] {
        precondition(mel.columns == bands && mel.rows > 0)
        let count = Self.windows(frames: mel.rows)
        let states = Rows(rows: count, columns: layers[layers.count - 1].hidden)
        for first in stride(from: 0, to: count, by: Self.together) {
            let windows = first..<min(first + Self.together, count)
            states[windows].copy(from: lastStates(mel, windows, on: processor))
        }
        trace?("lstm", states)
        let projected = Rows(rows: count, columns: dimension)
        projection.apply(states, into: projected, on: processor)
        trace?("proj", projected)
        guard projected.isFinite else { throw .noResult(of: "voice encoder") }
        var sum = [Double](repeating: 0, count: dimension)
        for window in 0..<count {
            let unit = Self.unit(projected[window].values.map { Double(max(0, $0)) })
            for (index, value) in unit.enumerated() { sum[index] += value }
        }
        return Self.unit(sum).map { Float($0) }
    }

    /// Windows that so many frames fill.
    static func windows(frames: Int) -> Int {
        let (whole, rest) = max(frames - window + step, 0).quotientAndRemainder(dividingBy: step)
        let isCovered = Double(rest + window - step) / Double(window) >= coverage
        return whole == 0 || isCovered ? whole + 1 : whole
    }

    /// The top layer's state [windows, hidden] after each window; beyond the last frame there are zeros.
    private func lastStates(_ mel: Rows, _ windows: Range<Int>, on processor: Processor) -> Rows {
        var x = Rows(rows: Self.window * windows.count, columns: bands)
        for frame in 0..<Self.window {
            for (place, window) in windows.enumerated() where window * Self.step + frame < mel.rows {
                x[frame * windows.count + place].copy(from: mel[window * Self.step + frame])
            }
        }
        for layer in layers { x = layer.apply(x, sequences: windows.count, on: processor) }
        return x[x.rows - windows.count..<x.rows]
    }

    /// Of length 1; nothing stays nothing.
    private static func unit(_ vector: [Double]) -> [Double] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }
}
