package import Foundation

/// A program run to its end.
package struct ProgramRun: Sendable {
    /// -1 when a signal ended it.
    package let status: Int32
    package let output: Data
    package let errors: String

    /// The output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
}

/// A program of this package, built beside the tests.
package func builtProgram(_ name: String) -> String {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name).path
}

/// Runs a program in a folder, by default the tests' own, with an environment, by default theirs. Its streams are files,
/// so that it never waits for whoever reads them.
package func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String]? = nil,
    input: Data = Data()
) throws -> ProgramRun {
    let streams = try TemporaryFolder()
    for (name, data) in [("input", input), ("output", Data()), ("errors", Data())] { try streams.write(data, to: name) }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    if let environment { process.environment = environment.merging(sanitizerOptions) { own, _ in own } }
    process.standardInput = FileHandle(forReadingAtPath: streams.path("input"))
    process.standardOutput = FileHandle(forWritingAtPath: streams.path("output"))
    process.standardError = FileHandle(forWritingAtPath: streams.path("errors"))
    try process.run()
    process.waitUntilExit()
    return ProgramRun(
        status: process.terminationReason == .uncaughtSignal ? -1 : process.terminationStatus,
        output: try Data(contentsOf: URL(filePath: streams.path("output"))),
        errors: String(decoding: try Data(contentsOf: URL(filePath: streams.path("errors"))), as: UTF8.self))
}

/// What the sanitizers are told (Tests/Sanitizers), which holds for the programs that tests run too.
private let sanitizerOptions = ProcessInfo.processInfo.environment.filter { $0.key.hasSuffix("SAN_OPTIONS") }

/// Runs a command of the shell.
package func shell(_ command: String, in folder: String? = nil) throws -> ProgramRun {
    try run("/bin/bash", ["-c", command], in: folder)
}

/// Runs `body` on a thread of its own, so that those of tasks stay free.
package func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: .init(catching: body)) }
    }
}
