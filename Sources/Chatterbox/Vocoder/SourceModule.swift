// The excitation of a voice: harmonics of the pitch and noise, mixed into one signal. `SourceModuleHnNSF`, `SineGen`.
//
// A frame has one pitch. The phase of a harmonic is a multiple of the fundamental's, whose fraction of a period alone is carried
// from frame to frame in double precision: so a long signal is as exact as a short one.

import Compute
import Glibc
import ModelFile

struct SourceModule {
    let harmonics: Int
    private let mix: Convolution  // l_linear
    private let samplesPerFrame: Int

    private static let sampleRate = 24_000.0
    private static let amplitude: Float = 0.1
    /// Of the noise beside harmonics; without them it is a third of their amplitude.
    private static let voicedNoise: Float = 0.003
    /// Hertz above which a frame is voiced.
    private static let voicedFrom: Float = 10

    init(_ weights: Weights, samplesPerFrame: Int) throws(ModelFileError) {
        let tensor = try weights.tensor("l_linear.weight")
        mix = try Convolution(weights["l_linear"], inputs: tensor.shape.last ?? 0, outputs: 1)
        harmonics = mix.inputs
        self.samplesPerFrame = samplesPerFrame
    }

    /// The excitation [samples, 1] of frames with the pitches `f0`. Frames are numbered from `first`; `cycle` is where in its
    /// period the fundamental is, 0..<1, and then where it is after them.
    func apply(
        _ f0: [Float], first: Int = 0, cycle: inout Double, noise: some NoiseSource, on processor: Processor
    ) -> Rows {
        let starts = starts(f0, &cycle)
        let phases = Rows(rows: 1, columns: harmonics)
        noise.phases(into: phases)
        phases[0, 0] = 0
        let waves = Rows(rows: f0.count * samplesPerFrame, columns: harmonics)
        processor.forRows(f0.count, grain: 1) { part in
            for frame in part {
                let samples = waves[frame * samplesPerFrame..<(frame + 1) * samplesPerFrame]
                noise.excitation(first + frame, into: samples)
                add(f0[frame], from: starts[frame], phases, to: samples)
            }
        }
        let mixed = mix.apply(waves, on: processor)
        processor.forRows(mixed.rows) { for row in $0 { mixed[row, 0] = tanh(mixed[row, 0]) } }
        return mixed
    }

    /// Where in its period the fundamental is before each frame.
    func starts(_ f0: [Float], _ cycle: inout Double) -> [Double] {
        f0.map { pitch in
            defer { cycle = Self.fraction(cycle + Double(samplesPerFrame) * Double(pitch) / Self.sampleRate) }
            return cycle
        }
    }

    /// Scales the noise of a frame's samples, and adds the harmonics where it is voiced.
    private func add(_ pitch: Float, from start: Double, _ phases: Rows, to samples: Rows) {
        let isVoiced = pitch > Self.voicedFrom
        let level = isVoiced ? Self.voicedNoise : Self.amplitude / 3
        for row in 0..<samples.rows {
            let cycle = start + Double(row + 1) * Double(pitch) / Self.sampleRate
            for column in 0..<harmonics {
                let phase = 2 * Double.pi * Self.fraction(Double(column + 1) * cycle) + Double(phases[0, column])
                let wave = isVoiced ? Self.amplitude * Float(sin(phase)) : 0
                samples[row, column] = wave + level * samples[row, column]
            }
        }
    }

    private static func fraction(_ x: Double) -> Double { x - x.rounded(.down) }
}
