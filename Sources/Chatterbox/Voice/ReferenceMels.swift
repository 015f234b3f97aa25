// The mel spectrograms of a reference clip, each as the part of the model that hears it was trained with. A fourth is in
// KaldiFilterBank.swift.

package import Compute
import Glibc

/// What the flow goes on from: ln of the magnitudes of 80 bands up to 8 kHz, every 20 ms of a 24 kHz signal.
package struct PromptMel: Sendable {
    package static let sampleRate = 24_000
    package static let bands = 80
    static let hop = 480
    private static let length = 1920
    /// Reflected at both ends.
    private static let padding = 720

    private let spectrum = ShortTimeSpectrum(window: ShortTimeSpectrum.hann(length), size: length)
    private let filters = MelFilters(bands: bands, size: length, sampleRate: sampleRate, top: 8000)

    package init() {}

    /// [samples / 480, 80].
    package func callAsFunction(_ samples: [Float]) throws(ReferenceError) -> Rows {
        guard samples.count > Self.padding else {
            throw .tooFew(samples: samples.count, minimum: Self.padding + 1)
        }
        let result = Rows(rows: samples.count / Self.hop, columns: Self.bands)
        for frame in 0..<result.rows {
            let magnitudes = spectrum.power(samples, at: frame * Self.hop - Self.padding).map {
                ($0 + 1e-9).squareRoot()
            }
            for band in 0..<Self.bands {
                result[frame, band] = Float(log(max(filters.apply(band, magnitudes), 1e-5)))
            }
        }
        return result
    }
}

/// Powers of mel bands up to 8 kHz, every 10 ms of a 16 kHz signal: the view that voice encoder and tokenizer share.
private struct PowerMel: Sendable {
    static let hop = 160
    private static let length = 400
    private static let padding = 200

    private let spectrum = ShortTimeSpectrum(window: ShortTimeSpectrum.hann(length), size: length)
    private let filters: MelFilters

    init(bands: Int) {
        filters = MelFilters(bands: bands, size: Self.length, sampleRate: 16_000, top: 8000)
    }

    /// The first `frames` frames [frames][bands]; a signal has samples / 160 + 1.
    func callAsFunction(_ samples: [Float], frames: Int) throws(ReferenceError) -> [[Double]] {
        guard samples.count > Self.padding else {
            throw .tooFew(samples: samples.count, minimum: Self.padding + 1)
        }
        return (0..<frames).map { frame in
            let powers = spectrum.power(samples, at: frame * Self.hop - Self.padding)
            return (0..<filters.bands).map { filters.apply($0, powers) }
        }
    }
}

/// What the voice encoder hears: powers as they are.
package struct VoiceMel: Sendable {
    private let mel: PowerMel

    package init(bands: Int) { mel = PowerMel(bands: bands) }

    /// [samples / 160 + 1, bands].
    package func callAsFunction(_ samples: [Float]) throws(ReferenceError) -> Rows {
        let frames = try mel(samples, frames: samples.count / PowerMel.hop + 1)
        return Rows(frames.flatMap { $0.map { Float($0) } }, columns: frames[0].count)
    }
}

/// What the S3 tokenizer hears: Whisper's view, log10 of powers, nothing more than 8 decades below the loudest.
package struct LogMel: Sendable {
    private let mel: PowerMel

    package init(bands: Int) { mel = PowerMel(bands: bands) }

    /// [samples / 160, bands], of these the first `limit`: the last frame is dropped.
    package func callAsFunction(_ samples: [Float], limit: Int = .max) throws(ReferenceError) -> Rows {
        let logarithms = try mel(samples, frames: samples.count / PowerMel.hop).map { $0.map { log10(max($0, 1e-10)) } }
        let floor = logarithms.reduce(-10) { max($0, $1.max() ?? -10) } - 8
        let values = logarithms.prefix(limit).flatMap { $0.map { Float((max($0, floor) + 4) / 4) } }
        return Rows(values, columns: logarithms[0].count)
    }
}
