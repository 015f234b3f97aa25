// What every engine is measured by: utterances that are advanced and timed.

import FoundationEssentials
import Glibc
import Speech

/// Utterances in one batch. A trained model ends them: then the request begins anew.
final class Speakers<Engine: SpeechEngine> {
    private let model: Engine
    private let request: SpeechRequest
    private let atOnce: Int
    private var utterances: [Engine.Utterance]
    private var turnsWithoutSound = 0

    /// Turns that may pass without a sound, while prompts are read and sentences change.
    private static var patience: Int { 100 }

    init(_ count: Int, _ model: Engine, _ request: SpeechRequest, atOnce: Int = 1) throws {
        self.model = model
        self.request = request
        self.atOnce = atOnce
        utterances = try (0..<count).map { _ in try model.begin(request) }
    }

    /// Samples that one turn gave.
    func advance() throws -> Int {
        var samples = 0
        for utterance in utterances { model.allow(Leeway(frames: atOnce), for: utterance) }
        let events = model.advance(utterances, isCancelled: { _ in false })
        for (index, event) in events.enumerated() {
            while case .frame(let frame, characters: _)? = model.more(of: utterances[index]) { samples += frame.count }
            switch event {
            case .frame(let frame, characters: _): samples += frame.count
            case .working, .starved: break
            case .ended: utterances[index] = try model.begin(request)
            case .failed(let error): throw error
            }
        }
        turnsWithoutSound = samples > 0 ? 0 : turnsWithoutSound + 1
        guard turnsWithoutSound <= Self.patience else { throw BenchError(reason: "the model says nothing") }
        return samples
    }
}

func best(of count: Int, _ body: () throws -> Double) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<count { best = min(best, try body()) }
    return best
}

/// From the request to the first samples.
func firstAudio(_ model: some SpeechEngine, _ request: SpeechRequest) throws -> Double {
    let start = Clock.now
    let speakers = try Speakers(1, model, request)
    while try speakers.advance() == 0 {}
    return Clock.milliseconds(since: start)
}

/// Seconds of sound a second, of one utterance from its beginning to its end.
func soundRate(whole request: SpeechRequest, _ leeway: Leeway, _ model: some SpeechEngine) throws -> Double {
    let utterance = try model.begin(request)
    model.allow(leeway, for: utterance)
    var samples = 0
    let start = Clock.now
    speaking: while true {
        switch model.advance([utterance], isCancelled: { _ in false })[0] {
        case .frame(let frame, characters: _): samples += frame.count
        case .working: break
        case .starved, .ended, .failed: break speaking
        }
    }
    return soundRate(samples, since: start, model)
}

/// The same of so many samples.
func soundRate(_ samples: Int, since start: ContinuousClock.Instant, _ model: some SpeechEngine) -> Double {
    Double(samples) / Double(model.information.sampleRate) / Clock.milliseconds(since: start) * 1000
}

/// Memory of this process that is in use, its weights included.
func residentBytes() -> Int {
    guard let text = try? String(contentsOf: URL(filePath: "/proc/self/statm"), encoding: .utf8),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
}

struct BenchError: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

func percentile(_ values: [Double], _ share: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}

enum Clock {
    static var now: ContinuousClock.Instant { ContinuousClock.now }
    static func milliseconds(since start: ContinuousClock.Instant) -> Double {
        let time = ContinuousClock.now - start
        return Double(time.components.seconds) * 1000 + Double(time.components.attoseconds) * 1e-15
    }
}
