// The pitch of each frame of mel in hertz. `ConvRNNF0Predictor`: convolutions with ELU, then |classifier|.

import Compute
import ModelFile

struct F0Predictor {
    private let convolutions: [Convolution]  // condnet.0, condnet.2, …
    private let classifier: Convolution

    init(_ weights: Weights, bands: Int) throws(ModelFileError) {
        var convolutions: [Convolution] = []
        var width = bands
        // Activations without parameters have the odd numbers.
        repeat {
            let layer = weights["condnet"][2 * convolutions.count]
            convolutions.append(try Convolution(layer, inputs: width, padding: .centred))
            width = convolutions[convolutions.count - 1].outputs
        } while weights["condnet"][2 * convolutions.count].contains("bias")
        self.convolutions = convolutions
        classifier = try Convolution(weights["classifier"], inputs: width, outputs: 1)
    }

    /// One pitch for each frame of `mel` [frames, bands].
    func apply(_ mel: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil) -> [Float] {
        var x = mel
        for (index, convolution) in convolutions.enumerated() {
            x = convolution.apply(x, on: processor)
            trace?("f0_conv\(index)", x)
            processor.each(x) { processor.kernels.elu($0) }
        }
        return classifier.apply(x, on: processor).values.map(abs)
    }
}
