// What the clients of a server waited for, from when they asked and when sound came.

import Quantization

extension Results {
    struct ServeResult: Codable {
        var model = ""
        var format = ""
        /// By the number of clients that speak at once.
        var clients: [String: Load] = [:]

        struct Load: Codable {
            /// All clients ask at once: from the last byte of `speak` to the first sound.
            var firstAudioMs = Percentiles()
            /// The same to the first sound that can be heard by somebody who plays at once.
            var firstSoundMs = Percentiles()
            /// Between two pieces of sound of one client.
            var gapMs = Percentiles()
            /// Seconds of sound of all clients in a second.
            var timesRealTime = 0.0
            /// One more client, who asks while the others speak.
            var firstAudioUnderLoadMs = Percentiles()
            /// From `cancel` to its answer, and until the model had stopped computing.
            var cancelMs = Percentiles()
            var cancelComputingMs = Percentiles()
        }

        struct Percentiles: Codable, Equatable {
            var p50 = 0.0
            var p95 = 0.0
            var p99 = 0.0

            init() {}

            init(_ durations: [Duration]) {
                let milliseconds = durations.map { $0 / .milliseconds(1) }
                p50 = percentile(milliseconds, 0.5)
                p95 = percentile(milliseconds, 0.95)
                p99 = percentile(milliseconds, 0.99)
            }
        }
    }
}

extension Results.ServeResult.Load {
    /// - Parameters:
    ///   - rounds: in each, all clients asked at once.
    ///   - late: those who came while the others spoke.
    init(_ rounds: [[Delivery]], late: [Delivery], computingAfterCancel: [Duration]) {
        let all = rounds.flatMap { $0 }
        firstAudioMs = .init(all.compactMap(\.firstAudio))
        firstSoundMs = .init(all.compactMap(\.firstSound))
        gapMs = .init(all.flatMap(\.gaps))
        let audio = all.map(\.audio).reduce(Duration.zero, +)
        let time = rounds.map(Self.length).reduce(Duration.zero, +)
        timesRealTime = time > .zero ? audio / time : 0
        firstAudioUnderLoadMs = .init(late.compactMap(\.firstAudio))
        cancelMs = .init((all + late).compactMap(\.cancelTook))
        cancelComputingMs = .init(computingAfterCancel)
    }

    /// From the first who asked to the last sound.
    private static func length(_ round: [Delivery]) -> Duration {
        guard let start = round.map(\.asked).min(), let end = round.compactMap(\.pieces.last?.at).max() else {
            return .zero
        }
        return end - start
    }
}

extension Delivery {
    var firstAudio: Duration? { pieces.first.map { $0.at - asked } }
    /// Not before the silence in front of it is played, and not before it is there.
    var firstSound: Duration? {
        var before = Duration.zero
        for piece in pieces {
            if let silence = piece.silence {
                return max((firstAudio ?? .zero) + before, piece.at - asked) + silence
            }
            before += piece.audio
        }
        return nil
    }
    var gaps: [Duration] { zip(pieces, pieces.dropFirst()).map { $1.at - $0.at } }
    var audio: Duration { pieces.map(\.audio).reduce(.zero, +) }
}

extension Results.ServeResult {
    var lines: [String] {
        let counts = clients.keys.compactMap(Int.init).sorted()
        let widths = [42] + counts.map { _ in 22 }
        func line(_ title: String, _ value: (Load) -> String) -> String {
            row([title] + counts.map { value(clients["\($0)"]!) }, widths)
        }
        func two(_ p: Percentiles) -> String { "\(fixed(p.p50, 1)) / \(fixed(p.p95, 1))" }
        return [
            row(["\(model), \(format): clients at once"] + counts.map(String.init), widths),
            line("first audio p50 / p95, ms") { two($0.firstAudioMs) },
            line("first sound p50 / p95, ms") { two($0.firstSoundMs) },
            line("chunk gap p50 / p95 / p99, ms") { two($0.gapMs) + " / " + fixed($0.gapMs.p99, 1) },
            line("× real time, all together") { fixed($0.timesRealTime, 2) },
            line("first audio of one more p50 / p95, ms") { two($0.firstAudioUnderLoadMs) },
            line("cancel to its answer p50 / p95, ms") { two($0.cancelMs) },
            line("cancel to rest of the model p50 / p95, ms") { two($0.cancelComputingMs) },
        ]
    }
}
