import Foundation
import TestSupport
import Testing

/// The program as a person runs it, in a folder of its own.
final class Command {
    private let place: TemporaryFolder
    static let tiny = Repository.tiny
    private static let program = builtProgram("makima")

    init() throws { place = try TemporaryFolder() }

    var folder: URL { URL(filePath: place.path) }

    /// The tiny model's noise has no loudness, and what is measured would be kept in the user's cache.
    static var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(["MAKIMA_LOUDNESS": "off"]) { $1 }
    }

    func run(_ arguments: [String], input: Data? = nil) throws -> ProgramRun {
        let result = try TestSupport.run(
            Self.program, arguments, in: place.path, environment: Self.environment, input: input ?? Data())
        #expect(result.status >= 0, "the program trapped: \(arguments)")
        return result
    }

    /// `makima say` with the tiny model, a few frames.
    func say(_ arguments: String..., input: Data? = nil, model: String = "base") throws -> ProgramRun {
        try run(
            ["say"] + arguments + ["--model", "\(Self.tiny)/\(model)", "--max-seconds", "0.4", "--threads", "1"],
            input: input)
    }

    func path(_ name: String) -> String { place.path(name) }

    /// What lies in the folder.
    var files: [String] { get throws { try place.names } }

    func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    /// A WAV file of a gliding tone, or of silence.
    func writeClip(_ name: String, seconds: Double, rate: Int = 24_000, channels: Int = 1, silent: Bool = false) throws
    {
        let count = Int(seconds * Double(rate))
        var samples: [Int16] = []
        samples.reserveCapacity(count * channels)
        for i in 0..<count {
            let t = Double(i) / Double(rate)
            let value = silent ? 0 : Int16(6000 * sin(2 * .pi * (150 + 30 * sin(3 * t)) * t))
            for _ in 0..<channels { samples.append(value) }
        }
        let data = samples.flatMap { littleEndian($0) }
        let file = wav(format: 1, channels: channels, rate: rate, bits: 16, data: data)
        try place.write(file, to: name)
    }
}
