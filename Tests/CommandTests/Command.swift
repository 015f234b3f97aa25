import Foundation
import Testing

/// The program as a person runs it, in a folder of its own.
final class Command {
    let folder: URL
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let tiny = tests.appending(path: "Goldens/tiny").path
    /// Built beside the tests.
    private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "makima")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "makima-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    struct Result {
        let status: Int32
        let output: Data
        let errors: String
    }

    func run(_ arguments: [String], input: Data? = nil) throws -> Result {
        let names = ["input", "output", "errors"].map { folder.appending(path: ".\($0)") }
        try (input ?? Data()).write(to: names[0])
        for name in names[1...] { try Data().write(to: name) }
        let process = Process()
        process.executableURL = Self.program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = try FileHandle(forReadingFrom: names[0])
        process.standardOutput = try FileHandle(forWritingTo: names[1])
        process.standardError = try FileHandle(forWritingTo: names[2])
        try process.run()
        process.waitUntilExit()
        let died = process.terminationReason == .uncaughtSignal
        #expect(!died, "the program trapped: \(arguments)")
        return Result(
            status: died ? -1 : process.terminationStatus, output: try Data(contentsOf: names[1]),
            errors: String(decoding: try Data(contentsOf: names[2]), as: UTF8.self))
    }

    /// `makima say` with the tiny model, a few frames.
    func say(_ arguments: String..., input: Data? = nil, model: String = "base") throws -> Result {
        try run(
            ["say"] + arguments + ["--model", "\(Self.tiny)/\(model)", "--max-seconds", "0.4", "--threads", "1"],
            input: input)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// What lies in the folder, but for the standard streams.
    var files: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                .filter { ![".input", ".output", ".errors"].contains($0) }
        }
    }

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
        var file = Data("RIFF".utf8)
        func append(_ value: some FixedWidthInteger) {
            unsafe withUnsafeBytes(of: value.littleEndian) { unsafe file.append(contentsOf: $0) }
        }
        append(UInt32(36 + 2 * samples.count))
        file.append(Data("WAVEfmt ".utf8))
        append(UInt32(16))
        append(UInt16(1))
        append(UInt16(channels))
        append(UInt32(rate))
        append(UInt32(rate * channels * 2))
        append(UInt16(channels * 2))
        append(UInt16(16))
        file.append(Data("data".utf8))
        append(UInt32(2 * samples.count))
        for sample in samples { append(sample) }
        try file.write(to: folder.appending(path: name))
    }
}
