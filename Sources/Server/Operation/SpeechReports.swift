// What every request to speak leaves, whatever its door: a line in the log, and counts.

import Logging
import Speech

struct SpeechReports: Sendable {
    let metrics: ServerMetrics
    let logger: Logger

    /// Speech of the server itself, which measures its voices, is nobody's request.
    func note(_ report: SpeechReport, more: Logger.Metadata = [:]) {
        guard !report.client.name.isEmpty else { return }
        metrics.record(report)
        logger.info("utterance", metadata: report.metadata.merging(more) { $1 })
    }
}

extension SpeechReport {
    /// What ended it, as it is counted and logged.
    var reason: String {
        switch outcome {
        case .finished(let reason): reason.rawValue
        case .failed(let code): code.rawValue
        }
    }

    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "client": "\(client.name)", "door": "\(client.door.rawValue)", "voice": "\(client.voice)",
            "language": "\(language)", "characters": .stringConvertible(characters), "outcome": "\(reason)",
            "frames": .stringConvertible(summary.frames),
            "realTimeFactor": .stringConvertible(Double(Int(summary.realTimeFactor * 1000)) / 1000),
        ]
        if let first = summary.firstAudio { metadata["firstAudioMs"] = .stringConvertible(first.milliseconds) }
        if let first = summary.firstSound { metadata["firstSoundMs"] = .stringConvertible(first.milliseconds) }
        return metadata
    }
}
