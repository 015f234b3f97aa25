// Counters for operators, as Prometheus reads them.

import Speech
import Synchronization

package final class ServerMetrics: Sendable {
    private struct Ending: Hashable {
        let door: Door
        /// Why the speech ended, or the code of what went wrong.
        let outcome: String

        var labels: String { "door=\"\(door.rawValue)\",outcome=\"\(outcome)\"" }
    }

    private struct State {
        var endings: [Ending: Int] = [:]
        var audioSeconds = 0.0
        var computeSeconds = 0.0
        var underruns = 0
        var firstAudio = Histogram(bounds: [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5])
        var firstSound = Histogram(bounds: [0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5])
        var cancelLatency = Histogram(bounds: [0.01, 0.025, 0.05, 0.1, 0.2, 0.5])
        var realTimeFactor = Histogram(bounds: [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 5])
    }

    private struct Histogram {
        let bounds: [Double]
        var counts: [Int]
        var sum = 0.0
        var total = 0

        init(bounds: [Double]) {
            self.bounds = bounds
            counts = Array(repeating: 0, count: bounds.count)
        }

        mutating func observe(_ value: Double) {
            for index in bounds.indices where value <= bounds[index] { counts[index] += 1 }
            sum += value
            total += 1
        }
    }

    private let state = Mutex(State())

    package init() {}

    func record(_ report: SpeechReport) {
        state.withLock { state in
            state.endings[Ending(door: report.client.door, outcome: report.reason), default: 0] += 1
            state.audioSeconds += report.summary.audio.seconds
            state.computeSeconds += report.summary.computing.seconds
            state.underruns += report.underruns
            if let first = report.summary.firstAudio { state.firstAudio.observe(first.seconds) }
            if let first = report.summary.firstSound { state.firstSound.observe(first.seconds) }
            if let latency = report.cancelLatency { state.cancelLatency.observe(latency.seconds) }
            if report.summary.frames > 0 { state.realTimeFactor.observe(report.summary.realTimeFactor) }
        }
    }

    /// A request that never became an utterance.
    func refused(_ code: SpeakError.Code, at door: Door) {
        state.withLock { $0.endings[Ending(door: door, outcome: code.rawValue), default: 0] += 1 }
    }

    /// The text exposition format, version 0.0.4.
    package func exposition(running: Int, waiting: Int, sessions: Int, isReady: Bool, residentBytes: Int?) -> String {
        let state = state.withLock { $0 }
        var text = Exposition()
        text.add("makima_requests_total", "counter", "Requests to speak, by door and by how they ended.")
        let endings = state.endings.map { (labels: $0.labels, count: $1) }
        for (labels, count) in endings.sorted(by: { $0.labels < $1.labels }) {
            text.line("makima_requests_total{\(labels)}", "\(count)")
        }
        text.single("makima_utterances_running", "gauge", "Utterances being spoken.", "\(running)")
        text.single("makima_utterances_waiting", "gauge", "Utterances waiting for a place.", "\(waiting)")
        text.single("makima_sessions", "gauge", "Open sessions: speak, listen and Wyoming.", "\(sessions)")
        text.single("makima_model_ready", "gauge", "1 when the model is loaded.", isReady ? "1" : "0")
        text.single("makima_audio_seconds_total", "counter", "Seconds of sound made.", "\(state.audioSeconds)")
        text.single("makima_compute_seconds_total", "counter", "Seconds spent making it.", "\(state.computeSeconds)")
        text.single(
            "makima_underruns_total", "counter", "Frames later than a listener needs them.", "\(state.underruns)")
        text.histogram("makima_first_audio_seconds", "From request to the first piece of sound.", state.firstAudio)
        text.histogram(
            "makima_first_sound_seconds", "From request to the first sound that can be heard.", state.firstSound)
        text.histogram("makima_cancel_seconds", "From cancel until synthesis stopped.", state.cancelLatency)
        text.histogram("makima_real_time_factor", "Computing time over sound time.", state.realTimeFactor)
        if let residentBytes {
            text.single("process_resident_memory_bytes", "gauge", "Resident memory.", "\(residentBytes)")
        }
        return text.text
    }

    private struct Exposition {
        var text = ""

        mutating func add(_ name: String, _ type: String, _ help: String) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }

        mutating func line(_ name: String, _ value: String) { text += "\(name) \(value)\n" }

        mutating func single(_ name: String, _ type: String, _ help: String, _ value: String) {
            add(name, type, help)
            line(name, value)
        }

        mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
            add(name, "histogram", help)
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                line("\(name)_bucket{le=\"\(bound)\"}", "\(count)")
            }
            line("\(name)_bucket{le=\"+Inf\"}", "\(histogram.total)")
            line("\(name)_sum", "\(histogram.sum)")
            line("\(name)_count", "\(histogram.total)")
        }
    }
}
