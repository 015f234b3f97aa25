import Foundation
import ModelFile
import TestSupport
import Testing

@testable import Quantization
import Speech

/// A shell command in which `quantize` stands for the program.
private func run(_ command: String) throws -> ProgramRun {
    try shell("quantize() { '\(program)' \"$@\"; }; " + command)
}

@Test func theCommandWritesReportsAndGates() async throws {
    try await withCopy { source, folder in
        // Random weights: four bits are far below the gate.
        let below = try run(
            "quantize '\(source)' '\(folder)/int4' --format int4 --threads 1 --rollout-seconds 1 --rollouts 3")
        #expect(below.status == 3, "\(below)")
        #expect(below.text.contains("BELOW THE GATE") && below.text.contains("3 rollouts of each model, 1 s at most"))
        let allowed = try run(
            "quantize '\(source)' '\(folder)/int4' --report-only --allow-below-gate --threads 1 --rollout-seconds 1 --rollouts 3"
        )
        #expect(allowed.status == 0, "\(allowed)")
        #expect(allowed.output == below.output)
        let again = try run("quantize '\(source)' '\(folder)/int4' --format int4")
        #expect(again.status == 1 && again.errors.contains("never overwritten"), "\(again)")
        let missing = try run("quantize '\(source)' '\(folder)/none' --report-only")
        #expect(missing.status == 1 && missing.errors.contains("leave out --report-only"), "\(missing)")
        #expect(try contents(folder) == ["int4", "source"])
    }
}

@Test(arguments: [
    ("--format int3", 2), ("--format int8 --recipe x.json", 2), ("--threads 0", 2), ("--recipe /nowhere.json", 1),
    ("--rollout-seconds -1", 2), ("--rollout-seconds 601", 2), ("--rollouts 2", 2), ("--rollouts 33", 2),
])
func mistakesAreExplained(arguments: String, status: Int32) throws {
    let run = try run("quantize '\(tiny)' /tmp/never \(arguments)")
    #expect(run.status == status, "\(run)")
    #expect(!run.errors.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/never"))
}

@Test func aWriteThatFailsLeavesNothing() async throws {
    try await withCopy { source, folder in
        // A limit of a file's size stands for a disk that fills up.
        let run = try run("trap '' XFSZ; ulimit -f 500; quantize '\(source)' '\(folder)/q' --format bf16 --no-listen")
        #expect(run.status == 1 && run.errors.contains("File too large"), "\(run)")
        #expect(try contents(folder) == ["source"])
    }
}

/// A file system of a megabyte, seen by one command only.
private let smallDisk = "unshare -rm bash -c 'mount -t tmpfs -o size=1m small /mnt && "

@Test(.enabled(if: (try? shell(smallDisk + "true'").status) == 0, "needs user namespaces"))
func aFullDiskIsFoundBeforeTheWork() async throws {
    try await withCopy { source, _ in
        let run = try shell(
            smallDisk + "\"\(program)\" \"\(source)\" /mnt/q --no-listen; status=$?; ls -A /mnt; exit $status'")
        #expect(run.status == 1 && run.errors.contains("1 MB are free there") && run.text == "", "\(run)")
    }
}

@Test func whereverItIsKilledNothingCanBeLoaded() async throws {
    try await withCopy { source, folder in
        var killed = 0
        for delay in [0.02, 0.05, 0.1, 0.2, 0.4] {
            let run = try run("timeout -s KILL \(delay) '\(program)' '\(source)' '\(folder)/q' --no-listen --threads 1")
            if run.status == 0 { break }
            killed += 1
            #expect(!FileManager.default.fileExists(atPath: folder + "/q"))
            let partial = folder + "/q.partial"
            // The weights are there before config.json is, and whole.
            if FileManager.default.fileExists(atPath: partial + "/config.json") {
                _ = try Safetensors(path: partial + "/model.safetensors")
                _ = try Safetensors(path: partial + "/speech_tokenizer/model.safetensors")
            }
        }
        #expect(killed > 0)
        try? FileManager.default.removeItem(atPath: folder + "/q")
        let run = try run("quantize '\(source)' '\(folder)/q' --no-listen")
        #expect(run.status == 0, "\(run)")
        #expect(try contents(folder) == ["q", "source"])
    }
}

@Test func helpTeaches() throws {
    let help = try run("quantize --help").text
    for word in [
        "SRC", "DST", "int4", "mixed", "EXIT STATUS", "EXAMPLE", "--report-only", "--allow-below-gate",
        "--rollout-seconds",
    ] {
        #expect(help.contains(word), "\(word)")
    }
}
