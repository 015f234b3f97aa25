// Is a recording good enough to make a voice from? The specification's §6.1, measured.

package import Audio
import Glibc
import Speech

package struct ClipReport: Sendable, Equatable, Encodable {
    package struct Finding: Sendable, Equatable, Encodable {
        package enum Severity: String, Sendable, Encodable { case error, warning }
        package var severity: Severity
        /// What was measured: duration, level, clipping, silence, noise, sampleRate.
        package var about: String
        /// What is wrong and how to record it better.
        package var message: String
    }

    package var durationSeconds: Double
    package var sampleRate: Int
    /// Level of the parts that are not silent, in dB below full scale.
    package var speechLevel: Double
    /// Level of the quietest tenth, in the same.
    package var noiseLevel: Double
    /// Share of samples at full scale, 0 to 1.
    package var clipped: Double
    /// Share of time without speech, 0 to 1.
    package var silence: Double
    package var findings: [Finding] = []

    package var isUsable: Bool { !findings.contains { $0.severity == .error } }
}

extension ClipReport: CustomStringConvertible {
    package var description: String {
        findings.isEmpty ? "The recording is good." : findings.map(\.message).joined(separator: " ")
    }
}

extension ClipReport {
    package init(_ clip: AudioClip) {
        let levels = Self.levels(of: clip)
        let sorted = levels.sorted()
        let loud = sorted[sorted.count * 9 / 10]
        // Speech spans some 30 dB below its louder parts; what lies further down is silence.
        let threshold = max(loud - 30, -60)
        let speech = levels.filter { $0 >= threshold }
        durationSeconds = clip.duration
        sampleRate = clip.sampleRate
        speechLevel = Self.mean(speech)
        noiseLevel = Self.mean(Array(sorted.prefix(max(1, sorted.count / 10))))
        clipped = Self.clippedShare(clip.samples)
        silence = 1 - Double(speech.count) / Double(levels.count)
        judge()
    }

    /// Level of each 20 ms in dB below full scale; at least one.
    private static func levels(of clip: AudioClip) -> [Double] {
        let length = max(1, clip.sampleRate / 50)
        let levels = stride(from: 0, to: clip.samples.count, by: length).map { start in
            let piece = clip.samples[start..<min(start + length, clip.samples.count)]
            let power = piece.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(piece.count)
            return max(-100, 10 * log10(max(power, 1e-12)))
        }
        return levels.isEmpty ? [-100] : levels
    }

    private static func mean(_ levels: [Double]) -> Double {
        guard !levels.isEmpty else { return -100 }
        return 10 * log10(levels.reduce(0) { $0 + pow(10, $1 / 10) } / Double(levels.count))
    }

    /// Three samples in a row at the edge are clipped; one alone is a peak.
    private static func clippedShare(_ samples: [Float]) -> Double {
        var clipped = 0
        var run = 0
        for sample in samples {
            run = sample.magnitude >= 0.999 ? run + 1 : 0
            if run == 3 { clipped += 3 } else if run > 3 { clipped += 1 }
        }
        return samples.isEmpty ? 0 : Double(clipped) / Double(samples.count)
    }

    private mutating func judge() {
        if let problem = ClipLength.problem(durationSeconds) { error("duration", problem) }
        if sampleRate < 16_000 {
            error("sampleRate", "The recording has \(sampleRate) samples a second; record at 24000 or more.")
        } else if sampleRate < 24_000 {
            warn("sampleRate", "The recording has \(sampleRate) samples a second; 24000 or more sound clearer.")
        }
        if speechLevel < -45 {
            error("level", "The recording is almost silent. Go closer to the microphone or raise its level.")
            return  // nothing else can be judged
        }
        if speechLevel < -32 {
            warn("level", "The recording is quiet. Go closer to the microphone or raise its level.")
        }
        if clipped > 0.001 {
            error(
                "clipping",
                "The recording is distorted: it was too loud. Lower the microphone's level and record again.")
        } else if clipped > 0 {
            warn("clipping", "The recording touches full scale in places. Lower the microphone's level a little.")
        }
        if silence > 0.6 {
            error("silence", "Most of the recording is silence. Speak without long pauses, and cut the ends.")
        } else if silence > 0.4 {
            warn("silence", "The recording has long pauses. Cut the silence at its ends.")
        }
        judgeNoise()
    }

    private mutating func judgeNoise() {
        let ratio = speechLevel - noiseLevel
        if ratio < 10 {
            error("noise", "The background is almost as loud as the voice. Record in a quiet room, without music.")
        } else if ratio < 20 {
            warn("noise", "There is noise in the background. A quieter room gives a clearer voice.")
        }
    }

    private mutating func error(_ about: String, _ message: String) {
        findings.append(Finding(severity: .error, about: about, message: message))
    }

    private mutating func warn(_ about: String, _ message: String) {
        findings.append(Finding(severity: .warning, about: about, message: message))
    }
}
