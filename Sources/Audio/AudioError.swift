// What can go wrong with sound that comes from or goes to the outside.

package import Files

package enum AudioError: FileFailure, Sendable, Equatable {
    case cannotOpen(path: String, reason: String)
    case notAudio(path: String, reason: String)
    /// A recording of a kind that only ffmpeg reads, which is not there.
    case notRead(path: String, kind: String)
    /// ffmpeg could not.
    case notDecoded(path: String, kind: String, reason: String)
    case empty(path: String)
    case tooLong(path: String, seconds: Double, limit: Double)
    case unsupportedSampleRate(Int, allowed: ClosedRange<Int>)
    case truncated(path: String, expectedFrames: Int, foundFrames: Int)
    case nonFiniteInFile(path: String, frame: Int)
    case nonFiniteSample(index: Int)
    case cannotWrite(path: String, reason: String)
    case resamplingFailed(from: Int, to: Int, reason: String)
    case encodingFailed(reason: String)
    case unsupportedSpeed(Double)
    case deviceUnavailable(device: String, reason: String)
    case playbackFailed(device: String, reason: String)

    /// A file could not be written.
    package init(_ error: FileError) { self = .cannotWrite(path: error.path, reason: error.reason) }
}

extension AudioError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "Cannot open the audio file '\(path)': \(reason)."
        case .notAudio(let path, let reason):
            "'\(path)' is not an audio file that can be read (\(reason)). Use WAV, FLAC, OGG or MP3."
        case .notRead(let path, let kind):
            "'\(path)' is \(kind), which ffmpeg reads where it is installed (apt install ffmpeg). Or drop it on the page of a running makima: the browser reads it."
        case .notDecoded(let path, let kind, let reason):
            "'\(path)' looks like \(kind), but ffmpeg could not read it: \(reason)."
        case .empty(let path):
            "'\(path)' holds no sound."
        case .tooLong(let path, let seconds, let limit):
            "'\(path)' is \(Int(min(seconds, 1e12))) s long; at most \(Int(limit)) s are read."
        case .unsupportedSampleRate(let rate, let allowed):
            "A sample rate of \(rate) Hz is not supported; it must be \(allowed.lowerBound) to \(allowed.upperBound) Hz."
        case .truncated(let path, let expected, let found):
            "'\(path)' is cut off: \(found) of \(expected) frames could be read."
        case .nonFiniteInFile(let path, let frame):
            "'\(path)' holds a sample that is not a finite number at frame \(frame)."
        case .nonFiniteSample(let index):
            "Sample \(index) of the sound is not a finite number."
        case .cannotWrite(let path, let reason):
            "Cannot write the audio file '\(path)': \(reason)."
        case .resamplingFailed(let from, let to, let reason):
            "Cannot convert sound from \(from) to \(to) Hz: \(reason)."
        case .encodingFailed(let reason):
            "Cannot encode the sound: \(reason)"
        case .unsupportedSpeed(let speed):
            "A speed of \(speed) is not supported; it must be 0.25 to 4."
        case .deviceUnavailable(let device, let reason):
            "Cannot open the sound device '\(device)': \(reason). Use --output FILE to write a file instead."
        case .playbackFailed(let device, let reason):
            "Playing on the sound device '\(device)' failed: \(reason). Use --output FILE to write a file instead."
        }
    }
}

/// The rates that files, the resampler and players accept, in Hz.
package let supportedSampleRates = 4_000...192_000
