import ArgumentParser
import Foundation
import Quantization
import Qwen3TTS
import TestSupport
import Testing

@testable import makima_bench
import Speech

private func results(frameMs: Double) -> Results {
    var results = Results()
    results.machine = Results.Machine(
        isa: "avx2", threads: 2, readBandwidthGBs: 20, fmaGFLOPs: 100, blasGFLOPs: 80, blasGBs: 15, blasCore: "Zen",
        othersPercent: 12)
    var engine = Results.EngineResult()
    engine.frameMs = frameMs
    results.engine = ["int8": engine]
    results.batch4 = Results.BatchResult(format: "int8", speedup: 2, audioSecondsPerSecond: 4)
    results.kernels = [
        Results.KernelResult(
            kernel: "linear_q8 1x3072x1024", isa: "avx2", threads: 1, microseconds: 100, gigabytesPerSecond: 18,
            bandwidthFraction: 0.9, gigaOperationsPerSecond: 60)
    ]
    return results
}

@Test func aBusyMachineIsSaid() {
    var results = results(frameMs: 30)
    #expect(results.table.contains("Other programs took 12 % of the cores"))
    results.machine.othersPercent = 3
    #expect(!results.table.contains("Other programs"))
}

/// The processor's time is this process's or another's.
@Test func othersAreTellable() throws {
    let others = OtherPrograms()
    let sleeper = try run("/bin/bash", ["-c", "for i in {1..300000}; do :; done"])
    #expect(sleeper.status == 0 && others.percent > 0)
}

/// Other programs read these: none may vanish, and none appears unnoticed.
@Test func keysAreStable() throws {
    var results = results(frameMs: 30)
    results.kernels = nil
    let promised = [
        "machine": ["readBandwidthGBs", "isa", "othersPercent"],
        "engine.int8": [
            "realTimeFactor", "frameMs", "talkerMs", "codePredictorMs", "decoderMs", "prefillMs", "firstAudioMs",
            "loadMs",
            "residentBytes", "allocationsPerFrame", "bytesPerFrame", "macsPerFrame", "frameAhead",
            "bareLoopFraction",
        ],
        "batch4": ["speedup", "audioSecondsPerSecond"],
    ]
    let beside = [
        "machine": ["threads", "fmaGFLOPs", "blasGFLOPs", "blasGBs", "blasCore"],
        "engine.int8": ["frameMsP95", "firstAudioICLMs", "lastOverFirstFrame", "bareLoopMs"],
        "batch4": ["format"],
    ]
    let expected = [promised, beside].flatMap { $0.flatMap { part, keys in keys.map { "\(part).\($0)" } } }
    let json = try JSONSerialization.jsonObject(with: Data(results.json().utf8))
    #expect(paths(json).sorted() == expected.sorted())
}

/// The path of every value that is no object.
private func paths(_ value: Any) -> [String] {
    guard let object = value as? [String: Any] else { return [""] }
    return object.flatMap { key, inner in paths(inner).map { $0.isEmpty ? key : key + "." + $0 } }
}

@Test func kernelsAreComparedByName() throws {
    let keys = try results(frameMs: 30).numbers().keys
    #expect(keys.contains("kernels.linear_q8 1x3072x1024.avx2.1.microseconds"))
}

/// Its hidden size and its codebooks are not those of the released model.
@Test func theBuiltInModelTakesTheRequests() throws {
    let directory = Repository.path("Models/makima-mini")
    let model = try Qwen3Engine(directory: directory)
    let requests = SpeechRequests(try Configuration(directory: directory))
    for request in [requests.byVector, requests.byCodes] { _ = try model.begin(request) }
}

@Test func aCheckpointHasItsOwnFormat() throws {
    let error = #expect(throws: (any Error).self) {
        try EngineCommand.parse(["--model", "Models/makima-mini", "--format", "int8"])
    }
    #expect(error.map { EngineCommand.message(for: $0) } == "A checkpoint has its format: give --model or --format.")
    #expect(throws: (any Error).self) { try EngineCommand.parse(["--format", "int3"]) }
    #expect(throws: (any Error).self) { try EngineCommand.parse(["--isa", "avx1"]) }
    #expect(try EngineCommand.parse(["--isa", "scalar"]).isa == "scalar")
    #expect(try EngineCommand.parse([]).format == nil)
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
    #expect(fixed(1.005, 1) == "1.0" && fixed(0.96, 1) == "1.0" && fixed(-0.04, 1) == "0.0")
    #expect(fixed(12.5, 0) == "13" && fixed(2.05, 2) == "2.05" && fixed(.infinity, 1) == "inf")
    #expect(percentile([3, 1, 2], 0.5) == 2 && percentile([], 0.5) == 0 && percentile([1, 2], 1) == 2)
}

/// The tiny checkpoint's matrices by hand: what a frame reads once, and what fifteen passes read.
@Test func costOfAFrameFollowsTheFiles() throws {
    let folder = Repository.tiny + "/base"
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
