// x ← x + convs2(snake(convs1(snake(x)))), with growing dilation. `ResBlock`.

import Compute
import ModelFile

struct ResBlock {
    private struct Layer {
        let firstSnake: Snake
        let first: Convolution
        let secondSnake: Snake
        let second: Convolution
    }
    private let layers: [Layer]

    private static let dilations = [1, 3, 5]

    init(_ weights: Weights, channels: Int, format: ConvolutionFormat) throws(ModelFileError) {
        var layers: [Layer] = []
        for (index, dilation) in Self.dilations.enumerated() {
            layers.append(
                Layer(
                    firstSnake: try Snake(weights["activations1"][index], channels: channels),
                    first: try Convolution(
                        weights["convs1"][index], inputs: channels, outputs: channels, padding: .centred,
                        dilation: dilation, format: format),
                    secondSnake: try Snake(weights["activations2"][index], channels: channels),
                    second: try Convolution(
                        weights["convs2"][index], inputs: channels, outputs: channels, padding: .centred,
                        format: format)))
        }
        self.layers = layers
    }

    /// Leaves x as it is.
    func apply(_ x: Rows, on processor: Processor) -> Rows {
        let y = Rows(rows: x.rows, columns: x.columns)
        y.copy(from: x)
        for layer in layers {
            let hidden = layer.first.apply(y, snake: layer.firstSnake, on: processor)
            layer.second.add(hidden, snake: layer.secondSnake, to: y, on: processor)
        }
        return y
    }
}

extension Snake {
    /// `alpha` [channels] is both what is multiplied and what is divided by.
    fileprivate init(_ weights: Weights, channels: Int) throws(ModelFileError) {
        let alpha = try weights.floats("alpha", shape: [channels])
        self.init(
            alpha: Rows(alpha, columns: channels),
            inverseBeta: Rows(alpha.map { 1 / ($0 + 1e-9) }, columns: channels))
    }
}
