import Foundation
import TestSupport
import Testing

/// `makima say --file`, with the tiny model.
struct SayFileTests {
    let command: Command

    init() throws { command = try Command() }

    private func write(_ text: String, to name: String = "book.txt") throws {
        try Data(text.utf8).write(to: command.folder.appending(path: name))
    }

    private static let book = "# One\n\nThe first.\n\nThe second.\n\n# Two\n\nThe third."

    @Test func aBookBecomesOneFile() throws {
        try write(Self.book)
        let result = try command.say("--file", "book.txt", "--output", "book.wav")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("chapter 1 of 2") && result.errors.contains("chapter 2 of 2"))
        #expect(try command.files == ["book.txt", "book.wav"])
        // Two pauses between paragraphs of a chapter and its heading, one between paragraphs, one between chapters.
        let pauses = 3 * 0.6 + 1.5
        #expect(try command.data("book.wav").count > 44 + Int(pauses * 48_000))
    }

    @Test func aChapterBecomesAFile() throws {
        try write(Self.book)
        let result = try command.say("--file", "book.txt", "--output", "out.wav", "--chapters")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try command.files == ["book.txt", "out-01.wav", "out-02.wav"])
    }

    /// A run that was cut off left the first piece; what it had done is not done again.
    @Test func goesOnWhereItStopped() throws {
        try write(Self.book)
        _ = try command.say("--file", "book.txt", "--output", "whole.wav")
        try FileManager.default.createDirectory(
            at: command.folder.appending(path: "book.wav.partial"), withIntermediateDirectories: true)
        // Of another text: begins anew, and the result is the same.
        try write(#"{"fingerprint":"0","part":0,"pieces":1,"bytes":4}"#, to: "book.wav.partial/progress.json")
        try write("1234", to: "book.wav.partial/sound")
        let anew = try command.say("--file", "book.txt", "--output", "book.wav")
        #expect(anew.status == 0 && !anew.errors.contains("Going on"), "\(anew.errors)")
        #expect(try command.data("book.wav") == command.data("whole.wav"))
        #expect(try command.files == ["book.txt", "book.wav", "whole.wav"])
    }

    @Test func anInterruptedRunGoesOn() throws {
        try write((0..<10).map { "Paragraph \($0) of the book." }.joined(separator: "\n\n"))
        func options(_ output: String) -> [String] {
            [
                "say", "--file", "book.txt", "--output", output, "--model", "\(Command.tiny)/base", "--max-seconds",
                "0.4",
            ]
        }
        let isInterrupted = try interrupt(options("book.wav"))
        let again = try command.run(options("book.wav"))
        #expect(again.status == 0, "\(again.errors)")
        #expect(!isInterrupted || again.errors.contains("Going on where an earlier run stopped"))
        #expect(try command.files == ["book.txt", "book.wav"])
        #expect(try command.run(options("whole.wav")).status == 0)
        #expect(try command.data("book.wav") == command.data("whole.wav"))
    }

    /// Ends the program when it has spoken a piece; false when it was done before.
    private func interrupt(_ arguments: [String]) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: builtProgram("makima"))
        process.arguments = arguments
        process.currentDirectoryURL = command.folder
        process.environment = Command.environment
        process.standardError = FileHandle.nullDevice
        try process.run()
        let progress = command.folder.appending(path: "book.wav.partial/progress.json")
        while process.isRunning {
            let text = (try? String(contentsOf: progress, encoding: .utf8)) ?? ""
            if text.contains("pieces"), !text.contains("\"pieces\":0") { break }
            usleep(10_000)
        }
        process.terminate()
        process.waitUntilExit()
        #expect([0, 130].contains(process.terminationStatus))
        return process.terminationStatus == 130
    }

    @Test func goesToStandardOutputToo() throws {
        try write("One.\n\nTwo.")
        let result = try command.say("--file", "book.txt", "--output", "-")
        #expect(result.status == 0 && result.output.count > Int(0.6 * 48_000), "\(result.errors)")
    }

    @Test(arguments: [
        (["--file", "missing.txt", "--output", "a.wav"], "There is no file missing.txt."),
        (["--file", "folder", "--output", "a.wav"], "folder is a folder"),
        (["--file", "latin.txt", "--output", "a.wav"], "no text in UTF-8"),
        (["--file", "empty.txt", "--output", "a.wav"], "nothing to say"),
        (["text", "--file", "book.txt"], "not both"), (["--chapters", "text"], "go with --file"),
        (["--file", "book.txt", "--chapters"], "--output"), (["--file", "book.txt", "--remote", "first"], "--remote"),
        ([], "what to speak"),
    ])
    func badInputIsASentence(arguments: [String], sentence: String) throws {
        try write("Hello")
        try write("😀", to: "empty.txt")
        try Data([0x41, 0xFF]).write(to: command.folder.appending(path: "latin.txt"))
        try FileManager.default.createDirectory(
            at: command.folder.appending(path: "folder"), withIntermediateDirectories: true)
        let result = try command.run(["say"] + arguments + ["--model", "\(Command.tiny)/base"])
        #expect(result.status != 0 && result.errors.contains(sentence), "\(result.errors)")
        #expect(try command.files.allSatisfy { !$0.hasSuffix(".wav") && !$0.hasSuffix(".partial") })
    }
}
