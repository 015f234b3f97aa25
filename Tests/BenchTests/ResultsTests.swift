import Foundation
import Testing

@testable import makima_bench

private func results(frameMs: Double) -> Results {
    var results = Results()
    results.machine = Results.Machine(
        isa: "avx2", threads: 2, readBandwidthGBs: 20, fmaGFLOPs: 100, blasGFLOPs: 80, blasGBs: 15)
    var engine = Results.EngineResult()
    engine.frameMs = frameMs
    results.engine = ["int8": engine]
    results.batch4 = Results.BatchResult(speedup: 2, audioSecondsPerSecond: 4)
    results.kernels = [
        Results.KernelResult(
            kernel: "linear_q8 1x3072x1024", isa: "avx2", threads: 1, microseconds: 100, gigabytesPerSecond: 18,
            bandwidthFraction: 0.9, gigaOperationsPerSecond: 60)
    ]
    return results
}

/// Other programs read these.
@Test func keysAreStable() throws {
    let keys = Set(try results(frameMs: 30).numbers().keys)
    let engine = [
        "realTimeFactor", "frameMs", "talkerMs", "codePredictorMs", "decoderMs", "prefillMs", "firstAudioMs", "loadMs",
        "residentBytes", "allocationsPerFrame", "bytesPerFrame", "macsPerFrame", "rooflineFraction", "bareLoopFraction",
    ]
    for key in engine.map({ "engine.int8." + $0 }) + [
        "machine.readBandwidthGBs", "batch4.speedup", "batch4.audioSecondsPerSecond",
        "kernels.linear_q8 1x3072x1024.avx2.1.microseconds",
    ] { #expect(keys.contains(key), "\(key)") }
    #expect(try results(frameMs: 1).json().contains(#""isa" : "avx2""#))
}

@Test func comparisonShowsBothAndTheRatio() throws {
    let text = try results(frameMs: 15).comparison(with: results(frameMs: 30))
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("engine.int8.frameMs ") })
    #expect(line.split(separator: " ").map(String.init) == ["engine.int8.frameMs", "30", "15", "0.50"])
}

@Test func tableNamesWhatItShows() {
    let table = results(frameMs: 12.345).table
    for part in [
        "avx2, 2 threads: reads 20.0 GB/s", "linear_q8 1x3072x1024", "90 %", "12.3 / 0.0", "4.00 audio seconds",
    ] {
        #expect(table.contains(part), "\(part) in \(table)")
    }
}

@Test func numbersAreRounded() {
    #expect(rounded(1.005, 1) == "1.0" && rounded(0.96, 1) == "1.0" && rounded(-0.04, 1) == "0.0")
    #expect(rounded(12.5, 0) == "13" && rounded(2.05, 2) == "2.05" && rounded(.infinity, 1) == "inf")
    #expect(percentile([3, 1, 2], 0.5) == 2 && percentile([], 0.5) == 0 && percentile([1, 2], 1) == 2)
}

/// The tiny checkpoint's matrices by hand: what a frame reads once, and what fifteen passes read.
@Test func costOfAFrameFollowsTheFiles() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Goldens/tiny/base").path
    let config = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: folder + "/config.json")))
            as? [String: Any])
    let talker = try #require(config["talker_config"] as? [String: Any])
    let predictor = try #require(talker["code_predictor_config"] as? [String: Any])
    func stack(_ c: [String: Any]) -> (layers: Int, head: Int) {
        func size(_ key: String) -> Int { c[key] as! Int }
        let (hidden, dim) = (size("hidden_size"), size("head_dim"))
        let attention = 2 * hidden * dim * (size("num_attention_heads") + size("num_key_value_heads"))
        let layer = attention + 3 * hidden * size("intermediate_size")
        return (size("num_hidden_layers") * layer, size("vocab_size") * hidden)
    }
    let (t, p) = (stack(talker), stack(predictor))
    let passes = (talker["num_code_groups"] as! Int) - 1
    let cost = try FrameCost(folder).total
    #expect(cost.bytes == 2 * (t.layers + t.head + passes * (p.layers + p.head)))
    #expect(cost.macs == t.layers + t.head + (passes + 1) * p.layers + passes * p.head)
}
