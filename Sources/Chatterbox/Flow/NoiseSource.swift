// Where random numbers come from. They belong to a place in the utterance, so that a frame has the same ones in whatever chunk
// it is decoded, and however often.

package import Compute

package protocol NoiseSource {
    /// Standard normal numbers a frame of mel starts from, [1, bands]. Frames count from the first that is spoken; those of the
    /// prompt count by themselves.
    func flow(_ frame: Int, isPrompt: Bool, into row: Rows)

    /// Standard normal numbers beside the harmonics of a spoken frame's samples, [samples, harmonics].
    func excitation(_ frame: Int, into rows: Rows)

    /// Where in its period each harmonic begins, in -π..<π: [1, harmonics]. The first one begins at zero whatever this says.
    func phases(into row: Rows)
}
