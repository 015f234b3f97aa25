import Testing

@testable import makima_bench

private let start = ContinuousClock.now

/// Asked at `asked` ms; pieces of 80 ms of sound came at `pieces` ms.
private func delivery(asked: Int, pieces: [Int], cancel: Int? = nil) -> Delivery {
    Delivery(
        asked: start + .milliseconds(asked),
        pieces: pieces.map { .init(at: start + .milliseconds($0), audio: .milliseconds(80)) },
        cancelTook: cancel.map { .milliseconds($0) })
}

@Test func aLoadIsCountedFromWhatClientsSaw() {
    let rounds = [
        [delivery(asked: 0, pieces: [50, 90, 140], cancel: 2), delivery(asked: 10, pieces: [70, 110])],
        [delivery(asked: 1000, pieces: [1100, 1200], cancel: 4), delivery(asked: 1010, pieces: [])],
    ]
    let load = Results.ServeResult.Load(
        rounds, late: [delivery(asked: 0, pieces: [30], cancel: 6)], computingAfterCancel: [.milliseconds(7)])
    // 50, 60 and 100 ms; who heard nothing has no first audio.
    #expect(load.firstAudioMs.p50 == 60 && load.firstAudioMs.p95 == 100)
    // 40, 50, 40 and 100 ms.
    #expect(load.gapMs.p50 == 50 && load.gapMs.p99 == 100)
    // Seven pieces in 140 and 200 ms: the time between the rounds does not count.
    #expect(abs(load.timesRealTime - 560.0 / 340) < 1e-9)
    #expect(load.firstAudioUnderLoadMs.p50 == 30)
    #expect(load.cancelMs.p50 == 4 && load.cancelMs.p95 == 6)
    #expect(load.cancelComputingMs.p99 == 7)
}

/// Other programs read these.
@Test func keysOfServingAreStable() throws {
    var results = Results()
    results.serve = Results.ServeResult()
    results.serve?.clients["8"] = Results.ServeResult.Load([], late: [], computingAfterCancel: [])
    let keys = Set(try results.numbers().keys)
    for key in ["firstAudioMs", "gapMs", "firstAudioUnderLoadMs", "cancelMs", "cancelComputingMs"] {
        for share in ["p50", "p95", "p99"] { #expect(keys.contains("serve.clients.8.\(key).\(share)"), "\(key)") }
    }
}

@Test func clientsAreTheTablesColumns() throws {
    var result = Results.ServeResult()
    result.model = "makima-mini"
    for count in [10, 2] {
        let round = [[delivery(asked: 0, pieces: [count, 2 * count])]]
        result.clients["\(count)"] = .init(round, late: [], computingAfterCancel: [])
    }
    #expect(result.lines[0].split(separator: " ").suffix(2) == ["2", "10"])
    #expect(result.lines[1].split(separator: " ").suffix(6) == ["2.0", "/", "2.0", "10.0", "/", "10.0"])
}
