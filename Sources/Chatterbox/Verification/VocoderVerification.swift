// Runs the vocoder on the goldens: pitch, excitation and sound, each on the input that the official implementation gave it.

package import Compute
package import Verifying

package struct VocoderVerification {
    private let vocoder: Vocoder
    private let goldens: ChatterboxGoldens
    private let processor: Processor

    package init(_ vocoder: Vocoder, _ goldens: ChatterboxGoldens, on processor: Processor) {
        self.vocoder = vocoder
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        let recorder = StageRecorder(keeps: { goldens.contains("vocoder/" + $0) }, isTimeMajor: { _ in false })
        let mel = try goldens.signal("vocoder/mel", channels: vocoder.bands)
        let f0 = vocoder.f0(mel, on: processor, trace: recorder.record)
        try report.compare("vocoder/f0", f0, with: goldens)
        try excitation(&report)
        let source = Rows(try goldens.floats("vocoder/source"), columns: 1)
        guard source.rows == mel.rows * Vocoder.samplesPerFrame else {
            throw VerificationError.otherCheckpoint("vocoder/source")
        }
        let samples = try vocoder.sound(mel, excitation: source, on: processor, trace: recorder.record)
        for stage in recorder.stages { try report.compare("vocoder/" + stage.name, stage.values, with: goldens) }
        try report.compare("vocoder/wav", samples, with: goldens)
        var faded = try goldens.floats("vocoder/wav")
        Vocoder.fadeIn(&faded)
        let count = try goldens.shape("vocoder/wav_faded").first ?? 0
        try report.compare("vocoder/wav_faded", Array(faded.prefix(count)), with: goldens)
    }

    private func excitation(_ report: inout VerificationReport) throws {
        let noise = RecordedNoise(
            samples: try goldens.signal("vocoder/noise", channels: vocoder.harmonics),
            starts: try goldens.floats("vocoder/phases"))
        var cycle = 0.0
        let source = vocoder.excitation(
            try goldens.floats("vocoder/f0"), cycle: &cycle, noise: noise, on: processor)
        try report.compare("vocoder/source", source.values, with: goldens)
    }
}
