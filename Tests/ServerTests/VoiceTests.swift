import Audio
import Foundation
import Speech
import TestSupport
import Testing

@testable import Server

/// Something like speech: bursts of a buzz with pauses between.
func buzz(
    seconds: Double, level: Float = 0.1, noise: Float = 0.0005, pauses: Double = 0.25, sampleRate: Int = 24_000
) -> AudioClip {
    var random = SplitMix(state: 1)
    let samples = (0..<Int(seconds * Double(sampleRate))).map { index -> Float in
        let time = Double(index) / Double(sampleRate)
        let speaks = time.truncatingRemainder(dividingBy: 1) >= pauses
        let tone = sin(2 * .pi * 150 * time) + 0.5 * sin(2 * .pi * 450 * time)
        let hiss = Float(random.next() >> 40) / Float(1 << 23) - 1
        return max(-1, min(1, (speaks ? level * Float(tone) : 0) + noise * hiss))
    }
    return AudioClip(samples: samples, sampleRate: sampleRate)
}

@Suite struct ClipReportTests {
    @Test func aGoodClipIsGood() {
        let report = ClipReport(buzz(seconds: 6))
        #expect(report.findings == [])
        #expect(report.isUsable)
        #expect(abs(report.durationSeconds - 6) < 0.001)
        #expect(abs(report.silence - 0.25) < 0.03)
    }

    @Test(arguments: [
        (buzz(seconds: 2.5), "duration", true), (buzz(seconds: 31), "duration", true),
        (buzz(seconds: 6, level: 0.002, noise: 0.00001), "level", true),
        (buzz(seconds: 6, level: 0.015, noise: 0.0001), "level", false),
        (buzz(seconds: 6, level: 3), "clipping", true), (buzz(seconds: 6, pauses: 0.8), "silence", true),
        (buzz(seconds: 6, pauses: 0.5), "silence", false), (buzz(seconds: 6, noise: 0.2), "noise", true),
        (buzz(seconds: 6, noise: 0.03), "noise", false), (buzz(seconds: 6, sampleRate: 8_000), "sampleRate", true),
        (buzz(seconds: 6, sampleRate: 16_000), "sampleRate", false),
        (AudioClip(samples: [Float](repeating: 0, count: 24_000 * 5), sampleRate: 24_000), "level", true),
    ])
    func whatIsWrongIsFound(clip: AudioClip, about: String, isError: Bool) {
        let report = ClipReport(clip)
        let finding = report.findings.first { $0.about == about }
        #expect(finding?.severity == (isError ? .error : .warning), "\(report)")
        #expect(report.isUsable != isError)
    }

    @Test func lengthsAreWrittenWithAFigureBeforeThePoint() {
        let report = ClipReport(buzz(seconds: 0.55))
        #expect(report.description.hasPrefix("The recording has 0.5 s;"), "\(report)")
    }

    @Test func theShippedVoicesAreUsable() throws {
        for name in ["makima", "denji"] {
            let report = ClipReport(try AudioFile.read(path: "Voices/\(name)/reference.wav"))
            #expect(report.isUsable, "\(name): \(report)")
        }
    }
}

@Suite struct VoiceStoreTests {
    private func store(_ folder: TemporaryFolder) throws -> VoiceStore {
        try FileManager.default.createDirectory(atPath: folder.path + "/built-in", withIntermediateDirectories: true)
        return VoiceStore(directory: folder.path + "/own", builtIn: folder.path + "/built-in", defaultVoice: "makima")
    }

    @Test(arguments: ["", "-a", "A", "a/b", "..", "a b", "é", "a.b", String(repeating: "a", count: 65)])
    func badIDs(text: String) {
        #expect(VoiceID(text) == nil)
    }

    @Test(arguments: [
        ("Frau Müller (2)", "frau-m-ller-2"), ("  ", "voice"), ("日本", "voice"), ("../../etc", "etc"), ("A--B", "a-b"),
        (String(repeating: "x", count: 300), String(repeating: "x", count: 48)),
    ])
    func namesBecomeIDs(name: String, id: String) {
        #expect(VoiceID(naming: name).description == id)
        #expect(VoiceID(VoiceID(naming: name).description) != nil)
    }

    @Test func addedVoicesAreThereAndRemovedOnesGone() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        let proposal = VoiceProposal(
            name: "Ada L.", language: "English", transcript: " Good morning. ", consent: "Recorded by herself")
        let (voice, report) = try store.add(buzz(seconds: 5), proposal)
        #expect(report.isUsable)
        #expect(voice.metadata.id == "ada-l")
        #expect(voice.metadata.mode == .inContext)
        #expect(try voice.transcript() == "Good morning.")
        #expect(try AudioFile.read(path: voice.clipPath).samples.count == 5 * 24_000)
        // The same name again is another voice; a chosen id is not taken twice.
        #expect(try store.add(buzz(seconds: 5), proposal).0.metadata.id == "ada-l-2")
        var chosen = proposal
        chosen.id = "ada-l"
        #expect(throws: VoiceError.exists("ada-l")) { try store.add(buzz(seconds: 5), chosen) }
        #expect(store.list().voices.map(\.metadata.id) == ["ada-l", "ada-l-2"])
        try store.remove("ada-l")
        #expect(store.list().voices.map(\.metadata.id) == ["ada-l-2"])
        #expect(throws: VoiceError.notFound("ada-l", known: ["ada-l-2"])) { try store.remove("ada-l") }
        // Nothing is left beside the voices.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/own") == ["ada-l-2"])
    }

    @Test func whatIsRefusedLeavesNothing() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        let good = VoiceProposal(name: "Ada", consent: "yes")
        var noConsent = good
        noConsent.consent = "false"
        #expect(throws: VoiceError.noConsent) { try store.add(buzz(seconds: 5), noConsent) }
        var noName = good
        noName.name = "  "
        #expect(throws: VoiceError.self) { try store.add(buzz(seconds: 5), noName) }
        var badID = good
        badID.id = "../evil"
        #expect(throws: VoiceError.badID("../evil")) { try store.add(buzz(seconds: 5), badID) }
        #expect(throws: VoiceError.self) { try store.add(buzz(seconds: 1), good) }
        #expect(store.list().voices.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/own"))
    }

    @Test func aFolderDroppedInAppearsAndABrokenOneIsNamed() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        for name in ["makima", "zed", "broken", "Not An ID", "empty"] {
            let path = folder.path + "/built-in/" + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            if name == "empty" { continue }
            var writer = try AudioFileWriter(path: path + "/reference.wav", sampleRate: 24_000)
            try writer.write(buzz(seconds: 4).samples)
            try writer.finish()
        }
        try Data(#"{"name": 7}"#.utf8).write(to: URL(filePath: folder.path + "/built-in/broken/metadata.json"))
        try Data(#"{"name": "Makima", "language": "english"}"#.utf8)
            .write(to: URL(filePath: folder.path + "/built-in/makima/metadata.json"))
        let (voices, unusable) = store.list()
        #expect(voices.map(\.metadata.id) == ["makima", "zed"])
        #expect(voices.map(\.metadata.name) == ["Makima", "zed"])
        let path = folder.path + "/built-in/Not An ID"
        #expect(
            unusable == [
                .misnamed(folder: path),
                .unreadable(id: "broken", file: "metadata.json", reason: "name is not of type String."),
            ])
        #expect(throws: VoiceError.builtIn("zed")) { try store.remove("zed") }
        #expect(throws: VoiceError.badID("../built-in/zed")) { try store.find("../built-in/zed") }
        // One's own voice of the same name hides the one that came with the program.
        var own = VoiceProposal(name: "Zed", consent: "yes")
        own.id = "zed-2"
        _ = try store.add(buzz(seconds: 5), own)
        #expect(store.list().voices.map(\.metadata.id) == ["makima", "zed", "zed-2"])
    }

    /// Writes files into the folder of voices.
    private func write(_ files: [String: Data], _ folder: TemporaryFolder) throws {
        for (file, data) in files {
            let path = URL(filePath: folder.path + "/own/" + file)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: path)
        }
    }

    private func clip(_ folder: TemporaryFolder) throws -> Data {
        let path = folder.path + "/clip.wav"
        var writer = try AudioFileWriter(path: path, sampleRate: 24_000)
        try writer.write(buzz(seconds: 4).samples)
        try writer.finish()
        return try Data(contentsOf: URL(filePath: path))
    }

    @Test func whatWasMeantToBeAVoiceIsNamedWithItsReason() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        let clip = try clip(folder)
        try write(
            [
                "With Space/reference.wav": clip, "mp3/reference.mp3": clip, "loose.wav": clip,
                "empty/reference.wav": Data(),
                "short/reference.wav": Data("RIFF".utf8), "forgotten/metadata.json": Data("{}".utf8),
                "pointer/reference.wav": Data("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
                "README.md": Data("no voice".utf8), "notes/todo.txt": Data("no voice".utf8), "good/reference.wav": clip,
                ".hidden/reference.wav": clip,
            ], folder)
        let (voices, unusable) = store.list()
        #expect(voices.map(\.metadata.id) == ["good"])
        let told = unusable.map(\.description)
        #expect(told.count == 7, "\(told)")
        for words in [
            "With Space' cannot be used: its name is no id of a voice. Rename it to with-space.",
            "There is reference.mp3: makima voices add", "loose.wav' lies loose",
            "empty cannot be used: reference.wav: it is empty",
            "short cannot be used: reference.wav: it holds no sound",
            "forgotten cannot be used: reference.wav: it is missing.",
            "Run git lfs pull",
        ] { #expect(told.contains { $0.contains(words) }, "\(words): \(told)") }
        // Nobody is offered what would fail.
        #expect(!store.contains("empty") && !store.contains("pointer") && !store.contains("mp3"))
        let log = LogLines()
        store.logUnusable(to: log.logger)
        #expect(log.lines.map { $0.metadata["error"] } == told)
    }

    @Test func theSpecificationsLayoutIsLookedInto() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        try write(
            [
                "custom/ada/reference.wav": clip(folder),
                "custom/ada/transcript.json": Data(#"{"text": " Good morning. ", "language": "en"}"#.utf8),
                "custom/ada/metadata.json": Data("\u{FEFF}{\"name\": \"Ada\", \"mode\": \"icl\"}".utf8),
            ], folder)
        let voice = try store.find("ada")
        #expect(voice.metadata.name == "Ada")
        #expect(try voice.transcript() == "Good morning.")
        #expect(store.list().voices.map(\.metadata.id) == ["ada"] && store.list().unusable.isEmpty)
        // What is added now may not take its name, and it can be removed.
        #expect(throws: VoiceError.exists("ada")) {
            try store.add(buzz(seconds: 5), VoiceProposal(name: "Ada", id: "ada", consent: "yes"))
        }
        try store.remove("ada")
        #expect(store.list().voices.isEmpty)
    }

    @Test(arguments: [
        (#""just text""#, "just text"), (#"{"transcript": "a"}"#, "a"), (#"[{"text": "a "}, {"text": " b"}]"#, "a b"),
        (#"{"segments": [{"start": 0, "text": " a"}, {"text": " b"}]}"#, "a b"),
    ])
    func aStructuredTranscriptIsItsText(json: String, text: String) throws {
        let folder = try TemporaryFolder()
        try write(["ada/reference.wav": clip(folder), "ada/transcript.json": Data(json.utf8)], folder)
        #expect(try store(folder).find("ada").transcript() == text)
    }

    @Test func aTranscriptOfAnotherKindIsNamed() throws {
        let folder = try TemporaryFolder()
        try write(["ada/reference.wav": clip(folder), "ada/transcript.json": Data(#"{"words": 7}"#.utf8)], folder)
        let voice = try store(folder).find("ada")
        let error = #expect(throws: VoiceError.self) { try voice.transcript() }
        #expect(error?.description.contains("transcript.json") == true)
    }

    @Test func noMoreVoicesAreAddedThanAllowed() throws {
        let folder = try TemporaryFolder()
        let store = VoiceStore(directory: folder.path + "/own", builtIn: nil, defaultVoice: "a", limit: 2)
        for name in ["a", "b"] { _ = try store.add(buzz(seconds: 4), VoiceProposal(name: name, consent: "yes")) }
        #expect(throws: VoiceError.full(limit: 2)) {
            try store.add(buzz(seconds: 4), VoiceProposal(name: "c", consent: "yes"))
        }
        try store.remove("b")
        _ = try store.add(buzz(seconds: 4), VoiceProposal(name: "c", consent: "yes"))
    }

    @Test func aNameChangesAndTheIDStays() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        for name in ["Ada", "Ben"] { _ = try store.add(buzz(seconds: 4), VoiceProposal(name: name, consent: "yes")) }
        try store.rename("ada", to: " Frau Ada ")
        #expect(try store.find(named: "FRAU ADA").metadata.id == "ada")
        #expect(try store.find("ada").metadata.consent == "yes")
        #expect(throws: VoiceError.nameTaken("BEN", by: "ben")) { try store.rename("ada", to: "BEN") }
        // What would mean another voice by its id is taken as well.
        try store.rename("ben", to: "Benjamin")
        #expect(throws: VoiceError.nameTaken("ben", by: "ben")) { try store.rename("ada", to: "ben") }
        for name in ["", "  ", String(repeating: "x", count: 101), "a\nb", "a\u{202E}b", "a\u{0}"] {
            let error = #expect(throws: VoiceError.self) { try store.rename("ada", to: name) }
            #expect(error?.field == "name")
        }
        try write(["cut/reference.wav": clip(folder), "cut/metadata.json": Data("{".utf8)], folder)
        #expect(throws: VoiceError.self) { try store.rename("cut", to: "Cut") }
        #expect(try store.find("ada").metadata.name == "Frau Ada")
    }

    @Test func theDefaultIsWhatWasChosenAsLongAsItIsThere() throws {
        let folder = try TemporaryFolder()
        let store = VoiceStore(directory: folder.path + "/own", builtIn: nil, defaultVoice: "ADA")
        // Nothing is there at all.
        #expect(store.defaultVoice == "ADA" && store.chosenVoice == nil)
        for name in ["Ada", "Ben"] { _ = try store.add(buzz(seconds: 4), VoiceProposal(name: name, consent: "yes")) }
        #expect(store.defaultVoice == "ada")
        try store.choose("ben")
        #expect(store.defaultVoice == "ben")
        #expect(store.list().voices.map(\.metadata.id) == ["ben", "ada"])
        #expect(throws: VoiceError.isDefault("ben")) { try store.remove("ben") }
        #expect(try store.find(named: "").metadata.id == "ben")
        // The choice is in the folder: whoever looks next sees it.
        let next = VoiceStore(directory: folder.path + "/own", builtIn: nil, defaultVoice: "makima")
        #expect(next.defaultVoice == "ben")
        try FileManager.default.removeItem(atPath: folder.path + "/own/ben")
        #expect(store.defaultVoice == "ada" && store.list().unusable == [])
        // A file that somebody filled with something else is as good as none.
        try write(["default-voice": Data(count: 5000)], folder)
        #expect(store.defaultVoice == "ada")
    }

    /// Which the store does not know: the service asks whether the model has it.
    @Test func aSpeakerOfAModelMayBeChosen() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        try store.choose("vivian")
        #expect(store.chosenVoice == "vivian" && store.defaultVoice == "makima")
    }

    @Test func whatAKilledProgramLeftIsSweptAway() throws {
        let folder = try TemporaryFolder()
        let store = try store(folder)
        let aside = folder.path + "/own/.aside-1"
        try FileManager.default.createDirectory(atPath: aside, withIntermediateDirectories: true)
        #expect(store.list().voices.isEmpty)
        store.sweep()
        #expect(!FileManager.default.fileExists(atPath: aside))
    }
}

@Suite struct VoiceLibraryTests {
    /// Counts how often a voice was prepared.
    private func library(
        _ folder: TemporaryFolder, capacity: Int = 16, measuresLoudness: Bool = false
    ) throws -> VoiceLibrary {
        let store = VoiceStore(directory: folder.path + "/voices", builtIn: nil, defaultVoice: "a")
        for name in ["a", "b", "c"] where !store.contains(name) {
            let clip = buzz(seconds: 4, level: name == "a" ? 0.1 : name == "b" ? 0.11 : 0.12)
            _ = try store.add(clip, VoiceProposal(name: name, transcript: "x", consent: "yes"))
        }
        return VoiceLibrary(
            store, cacheDirectory: folder.path + "/cache", capacity: capacity, measuresLoudness: measuresLoudness)
    }

    /// Measured when it is prepared, kept with it, and measured later where nobody asked for it before.
    @Test func howLoudAVoiceIsIsKeptWithIt() async throws {
        let folder = try TemporaryFolder()
        let scheduler = SynthesisScheduler(BeepEngine())
        func loudness(_ library: VoiceLibrary) async throws -> Double? {
            await library.loudness(of: try await library.voice("a", for: scheduler), for: scheduler)
        }
        #expect(try await loudness(try library(folder)) == nil)
        let measured = try #require(try await loudness(try library(folder, measuresLoudness: true)))
        #expect((-60...0).contains(measured))
        #expect(try await loudness(try library(folder)) == measured)
        let file = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache")[0]
        let content = try Data(contentsOf: URL(filePath: folder.path + "/cache/" + file))
        #expect(content.starts(with: Data("beep \(measured)\n".utf8)))
    }

    @Test func aPreparedVoiceIsKeptInMemoryAndOnDisk() async throws {
        let folder = try TemporaryFolder()
        let scheduler = SynthesisScheduler(ToneEngine())
        let first = try await library(folder).voice("a", for: scheduler)
        guard case .cloned(let id, let voice) = first else {
            Issue.record("\(first)")
            return
        }
        #expect(voice.engine == "tone" && voice.bytes.suffix(2) == Array("\nx".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").count == 1)
        // From disk, exactly; then with the file destroyed, from the clip again.
        #expect(try await library(folder).voice("a", for: scheduler) == first)
        let file = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache")[0]
        try Data("{broken".utf8).write(to: URL(filePath: folder.path + "/cache/" + file))
        #expect(try await library(folder).voice("a", for: scheduler) == first)
        #expect(id.hasPrefix("a/"))
    }

    /// What another engine made is never taken for this one's, wherever it comes from.
    @Test func aVoiceOfAnotherEngineIsPreparedAgain() async throws {
        let folder = try TemporaryFolder()
        let scheduler = SynthesisScheduler(ToneEngine())
        let first = try await library(folder).voice("a", for: scheduler)
        let file =
            folder.path + "/cache/" + (try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache")[0])
        for content in ["other\n0.5 99", "", "\n", "tone"] {
            try Data(content.utf8).write(to: URL(filePath: file))
            #expect(try await library(folder).voice("a", for: scheduler) == first)
        }
    }

    /// Voices are kept for one model: its identity is part of their name.
    @Test func anotherModelPreparesItsOwn() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        func id(_ identity: String) async throws -> String {
            let scheduler = SynthesisScheduler(ToneEngine(), identity: identity)
            guard case .cloned(let id, _) = try await library.voice("a", for: scheduler) else { return "" }
            return id
        }
        let first = try await id("one")
        #expect(try await id("two") != first)
        #expect(try await id("one") == first)
    }

    @Test func anotherClipIsAnotherVoice() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        let scheduler = SynthesisScheduler(ToneEngine())
        let before = try await library.voice("a", for: scheduler)
        try FileManager.default.removeItem(atPath: folder.path + "/voices/a/reference.wav")
        try FileManager.default.copyItem(
            atPath: folder.path + "/voices/b/reference.wav", toPath: folder.path + "/voices/a/reference.wav")
        #expect(try await library.voice("a", for: scheduler) != before)
        // What was made of the first clip is not kept.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache").count == 1)
    }

    @Test func ofARemovedVoiceNothingIsKept() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        let scheduler = SynthesisScheduler(ToneEngine())
        for name in ["a", "b"] { _ = try await library.voice(name, for: scheduler) }
        await library.forget("a")
        #expect(await library.preparedIDs == ["b"])
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache")
        #expect(files.count == 1 && files[0].hasPrefix("b-"))
    }

    @Test func ofAVoiceRemovedWhileNobodyServedNothingIsKept() async throws {
        let folder = try TemporaryFolder()
        let before = try library(folder)
        for name in ["a", "b"] { _ = try await before.voice(name, for: SynthesisScheduler(ToneEngine())) }
        let cache = folder.path + "/cache"
        try Data().write(to: URL(filePath: cache + "/notes.json"))
        try before.store.remove("b")
        await VoiceLibrary(before.store, cacheDirectory: cache).sweep()
        let files = try FileManager.default.contentsOfDirectory(atPath: cache).sorted()
        #expect(files.count == 2 && files[0].hasPrefix("a-") && files[1] == "notes.json")
    }

    @Test func theLeastRecentlyUsedLeavesMemory() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder, capacity: 2)
        let scheduler = SynthesisScheduler(ToneEngine())
        for name in ["a", "b", "a", "c", "c"] { _ = try await library.voice(name, for: scheduler) }
        #expect(await library.preparedIDs == ["a", "c"])
    }

    @Test func aVoiceByNameIsTheVoiceById() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        let scheduler = SynthesisScheduler(ToneEngine())
        #expect(try await library.voice("A", for: scheduler) == library.voice("a", for: scheduler))
        #expect(await library.preparedIDs == ["a"])
    }

    /// Somebody may put hours into a folder.
    @Test func ofALongClipNoMoreIsReadThanCanBeUsed() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        var writer = try AudioFileWriter(path: folder.path + "/voices/a/reference.wav", sampleRate: 8_000)
        try writer.write([Float](repeating: 0.1, count: 61 * 8_000))
        try writer.finish()
        let error = await #expect(throws: SpeakError.self) {
            try await library.voice("a", for: SynthesisScheduler(ToneEngine()))
        }
        #expect(error?.message.contains("at most 60 s are read") == true, "\(error?.message ?? "")")
    }

    @Test func anUnknownVoiceIsNotFound() async throws {
        let folder = try TemporaryFolder()
        let library = try library(folder)
        let error = await #expect(throws: SpeakError.self) {
            try await library.voice("nobody", for: SynthesisScheduler(ToneEngine()))
        }
        #expect(error?.code == .voiceNotFound)
    }
}

/// What a log shows of a clip: its samples would be megabytes.
extension AudioClip: CustomTestStringConvertible {
    package var testDescription: String { "\(duration) s" }
}
