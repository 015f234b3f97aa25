import Foundation
import TestSupport
import Testing

struct SayTests {
    let command: Command

    init() throws { command = try Command() }

    @Test func aTextBecomesAFile() throws {
        let result = try command.say("Hello there", "--output", "a.wav")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.isEmpty)
        let file = try command.data("a.wav")
        #expect(file.prefix(4) == Data("RIFF".utf8))
        #expect(file.count > 44 && (file.count - 44) % (1920 * 2) == 0 && file.count <= 44 + 5 * 1920 * 2)
        _ = try command.say("Hello there", "--output", "b.wav")
        #expect(try command.data("b.wav") == file)
        _ = try command.say("Hello there", "--output", "c.wav", "--seed", "9")
        #expect(try command.data("c.wav") != file)
        #expect(try command.files == ["a.wav", "b.wav", "c.wav"])
    }

    @Test(arguments: ["-5 degrees", "- five", "-5", "−5", "-.5 %"])
    func aTextMayBeginWithAHyphen(text: String) throws {
        let result = try command.say(text, "--output", "-")
        #expect(result.status == 0 && !result.output.isEmpty, "\(result.errors)")
        let behind = try command.run([
            "say", "--output", "-", "--model", "\(Command.tiny)/base", "--max-seconds", "0.4", "--threads", "1", "--",
            text,
        ])
        #expect(behind.output == result.output, "\(behind.errors)")
    }

    @Test func aNumberBehindAnOptionIsItsValue() throws {
        let result = try command.say("Hello", "--volume", "-1")
        #expect(result.status == 2 && result.errors.contains("--volume"), "\(result.errors)")
    }

    @Test func standardInputThatIsClosedIsOneSentence() throws {
        let program = builtProgram("makima")
        let result = try shell(
            "\(program) say - --model \(Command.tiny)/base --output a.wav <&-", in: command.folder.path)
        #expect(result.status == 1 && result.errors.contains("Standard input is closed"), "\(result.errors)")
        #expect(try result.errors.split(separator: "\n").count == 1 && command.files.isEmpty)
    }

    @Test(arguments: [
        ("a.flac", "fLaC"), ("a.mp3", "\u{FF}"), ("a.OPUS", "OggS"), ("a.ogg", "OggS"), ("a.wav", "RIFF"),
    ])
    func theEndingOfTheNameChoosesTheFormat(name: String, magic: String) throws {
        let result = try command.say("Hello there", "--output", name)
        #expect(result.status == 0, "\(result.errors)")
        let start = Data(magic.unicodeScalars.map { UInt8($0.value) })
        #expect(try command.data(name).starts(with: start))
        #expect(try command.run(["voices", "check", name]).text.contains("duration"))
    }

    @Test func pcmIsWhatGoesToStandardOutput() throws {
        _ = try command.say("Hello there", "--output", "a.pcm")
        #expect(try command.data("a.pcm") == command.say("Hello there", "--output", "-").output)
    }

    @Test func rawSamplesGoToStandardOutput() throws {
        let raw = try command.say("Hello there", "--output", "-")
        #expect(raw.status == 0 && !raw.output.isEmpty)
        _ = try command.say("Hello there", "--output", "a.wav")
        #expect(try command.data("a.wav").dropFirst(44) == raw.output)
    }

    @Test func standardInputIsSpoken() throws {
        let piped = try command.say("-", "--output", "-", input: Data("Hello there\n".utf8))
        #expect(piped.status == 0, "\(piped.errors)")
        #expect(try command.say("Hello there", "--output", "-").output == piped.output)
    }

    @Test func speedChangesTheLengthAlone() throws {
        let plain = try command.say("Hello there", "--output", "-").output.count / 2
        for speed in [0.5, 1.25, 4] {
            let result = try command.say("Hello there", "--speed", "\(speed)", "--output", "-")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.count / 2 == Int((Double(plain) / speed).rounded()))
        }
    }

    @Test func textAsItIsKeepsItsFigures() throws {
        let words = try command.say("Room seven.", "--output", "-").output
        #expect(try command.say("Room 7.", "--output", "-").output == words)
        let figures = try command.say("Room 7.", "--text-as-is", "--output", "-")
        #expect(figures.status == 0 && !figures.output.isEmpty && figures.output != words)
        let piped = try command.say("-", "--text-as-is", "--output", "-", input: Data("Room 7.".utf8))
        #expect(piped.output == figures.output)
    }

    @Test func aClipIsClonedWhateverItsFormat() throws {
        for (name, rate, channels) in [("8k.wav", 8_000, 1), ("96k.wav", 96_000, 1), ("stereo.wav", 24_000, 2)] {
            try command.writeClip(name, seconds: 2, rate: rate, channels: channels)
            let result = try command.say("Hello", "--reference", name, "--output", "-")
            #expect(result.status == 0 && !result.output.isEmpty, "\(name): \(result.errors)")
        }
        let result = try command.say("Hello", "--reference", "8k.wav", "--transcript", "Aah.", "--output", "-")
        #expect(result.status == 0 && !result.output.isEmpty, "\(result.errors)")
    }

    @Test func presetSpeakersAndInstructions() throws {
        let result = try command.say(
            "Hello", "--voice", "Ryan", "--language", "english", "--instruct", "Softly.", "--output", "-",
            model: "custom_voice")
        #expect(result.status == 0 && !result.output.isEmpty, "\(result.errors)")
    }

    @Test(arguments: [
        ["", "--output", "a.wav"], ["  \n", "--output", "a.wav"], ["🙂🙂", "--output", "a.wav"],
        ["Hello", "--language", "klingon", "--output", "a.wav"], ["Hello", "--voice", "nobody", "--output", "a.wav"],
        ["Hello", "--voice", "../../etc", "--output", "a.wav"],
        ["Hello", "--reference", "missing.wav", "--output", "a.wav"],
        ["Hello", "--reference", "text.wav", "--output", "a.wav"],
        ["Hello", "--reference", "empty.wav", "--output", "a.wav"],
        ["Hello", "--reference", "silent.wav", "--output", "a.wav"],
        ["Hello", "--reference", "short.wav", "--output", "a.wav"],
        ["Hello", "--reference", "long.wav", "--output", "a.wav"],
        ["Hello", "--output", "missing/a.wav"], ["Hello", "--output", "folder.wav"],
        ["Hello", "--device", "no-such-device"], ["Hello", "--instruct", "Softly.", "--output", "a.wav"],
    ])
    func badInputIsOneSentence(arguments: [String]) throws {
        try Data("This is no sound.".utf8).write(to: command.folder.appending(path: "text.wav"))
        try Data().write(to: command.folder.appending(path: "empty.wav"))
        try FileManager.default.createDirectory(
            at: command.folder.appending(path: "folder.wav"), withIntermediateDirectories: true)
        try command.writeClip("silent.wav", seconds: 3, silent: true)
        try command.writeClip("short.wav", seconds: 0.1)
        try command.writeClip("long.wav", seconds: 599, rate: 4_000)
        let before = try command.files
        let result = try command.run(
            ["say"] + arguments + ["--model", "\(Command.tiny)/base", "--max-seconds", "0.4", "--threads", "1"])
        #expect(result.status == 1, "\(arguments) \(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix("Error: ") && result.output.isEmpty, "\(result.errors)")
        #expect(try command.files == before)
    }

    @Test(arguments: [[0xFF], [0x48, 0xC3], [0x48, 0xE2, 0x82, 0x20]] as [[UInt8]])
    func inputThatIsNoTextIsOneSentence(bytes: [UInt8]) throws {
        let result = try command.say("-", "--output", "a.wav", input: Data(bytes))
        #expect(result.status == 1)
        #expect(result.errors.contains("not valid UTF-8") && result.errors.split(separator: "\n").count == 1)
        #expect(try command.files.isEmpty)
    }

    @Test(arguments: ["", " \n ", "🙂"])
    func inputThatCannotBeSpokenIsOneSentence(text: String) throws {
        let result = try command.say("-", "--output", "a.wav", input: Data(text.utf8))
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(try command.files.isEmpty)
    }

    @Test(arguments: [
        ["say"], ["say", "Hello", "--temperature", "-1"], ["say", "Hello", "--temperature", "nan"],
        ["say", "Hello", "--seed", "x"], ["say", "Hello", "--threads", "0"], ["say", "Hello", "--output", "a.mov"],
        ["say", "Hello", "--voice", "a", "--reference", "b.wav"], ["say", "Hello", "--transcript", "b"],
        ["say", "Hello", "--top-p", "0"], ["say", "Hello", "--max-seconds", "inf"], ["nonsense"], ["verify"],
        ["say", "Hello", "--nonsense"], ["say", "Hello", "--speed", "0.2"], ["say", "Hello", "--speed", "nan"],
        ["say", "Hello", "--volume", "101"], ["say", "Hello", "--volume", "-1"], ["play"], ["play", "a.wav", "--list"],
        ["say", "Hello", "--remote", "first", "--top-k", "3"],
    ])
    func wrongUseHasStatusTwo(arguments: [String]) throws {
        let result = try command.run(arguments)
        #expect(result.status == 2, "\(arguments): \(result.errors)")
        #expect(result.errors.contains("Error: ") && result.errors.contains("Usage: ") && result.output.isEmpty)
    }

    @Test func helpAndVersionAreNoErrors() throws {
        for arguments in [["--help"], ["say", "--help"], ["--version"]] {
            let result = try command.run(arguments)
            #expect(result.status == 0 && !result.output.isEmpty && result.errors.isEmpty)
        }
    }
}
