// The short Fourier transform of the vocoder, 16 samples every 4, both ways: as convolutions, since it is so small.

import Compute
import Glibc
import ModelFile

struct ShortTransform {
    /// Samples of a piece, and from one to the next.
    static let size = 16
    static let hop = 4
    /// Real parts, then imaginary ones.
    static let columns = size + 2
    private static let bins = size / 2 + 1

    private let forward: Convolution  // one sample to a spectrum
    private let inverse: Convolution  // spectra to the samples of a hop
    /// Squared windows that overlap where there are pieces on both sides.
    private let overlap: Float
    private let window: [Double]

    init() throws(ModelFileError) {
        let (size, hop, bins) = (Self.size, Self.hop, Self.bins)
        let window = (0..<size).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(size)) }
        let angle = { (bin: Int, sample: Int) in 2 * Double.pi * Double(bin * sample % size) / Double(size) }
        var analysis: [Float] = []
        for column in 0..<Self.columns {
            let bin = column % bins
            for sample in 0..<size {
                let wave = column < bins ? cos(angle(bin, sample)) : -sin(angle(bin, sample))
                analysis.append(Float(wave * window[sample]))
            }
        }
        var synthesis: [Float] = []
        for offset in 0..<hop {
            for column in 0..<Self.columns {
                let bin = column % bins
                let weight = (bin == 0 || bin == bins - 1 ? 1 : 2) / Double(size)
                // The first tap is the oldest piece, of which the last samples are left.
                for piece in (0..<size / hop).reversed() {
                    let sample = hop * piece + offset
                    let wave = column < bins ? cos(angle(bin, sample)) : -sin(angle(bin, sample))
                    synthesis.append(Float(weight * wave * window[sample]))
                }
            }
        }
        forward = try Convolution(
            computed: ConvolutionWeights(analysis, shape: [Self.columns, 1, size], name: "STFT"), stride: hop)
        inverse = try Convolution(
            computed: ConvolutionWeights(synthesis, shape: [hop, Self.columns, size / hop], name: "inverse STFT"))
        overlap = Float(stride(from: 0, to: size, by: hop).reduce(0.0) { $0 + window[$1] * window[$1] })
        self.window = window
    }

    /// Spectra [samples / 4 + 1, 18] of a signal [samples, 1], which is reflected at both ends.
    func spectra(_ signal: Rows, on processor: Processor) -> Rows {
        let (count, edge) = (signal.rows, Self.size / 2)
        precondition(count > edge)
        let padded = Rows(rows: count + 2 * edge, columns: 1)
        padded[edge..<edge + count].copy(from: signal)
        for index in 1...edge {
            padded[edge - index, 0] = signal[index, 0]
            padded[edge + count - 1 + index, 0] = signal[count - 1 - index, 0]
        }
        return forward.apply(padded, on: processor)
    }

    /// The signal [4 · (pieces - 1)] of spectra [pieces, 18]: overlapping windows are divided by their squares.
    func signal(_ spectra: Rows, on processor: Processor) -> [Float] {
        let pieces = spectra.rows
        precondition(pieces > 1 && spectra.columns == Self.columns)
        // Half a piece is cut on each side, so that a row of zeros stands for those beyond.
        let padded = Rows(rows: pieces + 2, columns: Self.columns)
        padded[1..<pieces + 1].copy(from: spectra)
        let hops = inverse.apply(padded, on: processor)
        for row in 0..<hops.rows {
            for offset in 0..<Self.hop { hops[row, offset] /= squares(hop: row, offset, pieces: pieces) }
        }
        return hops.values
    }

    /// The squared windows over a sample.
    private func squares(hop row: Int, _ offset: Int, pieces: Int) -> Float {
        let last = row + Self.size / 2 / Self.hop
        let overlapping = Self.size / Self.hop
        if last >= overlapping - 1, last < pieces { return overlap }
        var sum = 0.0
        for back in 0..<overlapping where (0..<pieces).contains(last - back) {
            let value = window[Self.hop * back + offset]
            sum += value * value
        }
        return Float(sum)
    }
}
