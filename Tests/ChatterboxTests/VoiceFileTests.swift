import FoundationEssentials
import ModelFile
import TestSupport
import Testing
import Verifying

@testable import Chatterbox

@Suite struct VoiceFileTests {
    private static let path = TinyChatterbox.directory + "/conds.pt"

    private static func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private static let sizes = VoiceSizes(spokenTokens: 40)

    @Test func theVoiceOfACheckpointIsThatOfItsClip() throws {
        let goldens = try TinyChatterbox.goldens()
        let voice = try ChatterboxVoice(torch: Self.path, for: Self.sizes)
        #expect(voice.speaker == (try goldens.floats("voice/t3_speaker_emb")))
        #expect(voice.spokenTokens == (try goldens.integers("s3tok/t3_prompt")))
        #expect(voice.promptTokens == (try goldens.integers("voice/gen_prompt_token")))
        // Computed twice, once for each file.
        let mel = try goldens.floats("voice/gen_prompt_feat")
        #expect(voice.promptMel.count == mel.count)
        #expect(zip(voice.promptMel, mel).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(voice.speakerVector == (try goldens.floats("voice/gen_embedding")))
    }

    @Test func aVoiceForOtherSizesIsRefused() throws {
        for sizes in [VoiceSizes(spokenTokens: 39), VoiceSizes(speaker: 255), VoiceSizes(tokens: 100)] {
            #expect(throws: VoiceFileError.self) { try ChatterboxVoice(torch: Self.path, for: sizes) }
        }
    }

    @Test func whatIsNoFileIsTold() throws {
        let folder = try TemporaryFolder()
        #expect(throws: VoiceFileError.self) { try ChatterboxVoice(torch: folder.path("absent")) }
        try folder.write(Data("no archive".utf8), to: "text")
        #expect(
            throws: VoiceFileError.badArchive(
                path: folder.path("text"), reason: "it is no zip archive, or it is cut off")
        ) { try ChatterboxVoice(torch: folder.path("text")) }
        try folder.write(Data(count: 1 << 25), to: "large")
        #expect(throws: VoiceFileError.tooLarge(path: folder.path("large"), bytes: 1 << 25, limit: 1 << 24)) {
            try ChatterboxVoice(torch: folder.path("large"))
        }
    }

    // MARK: Archives

    @Test func compressedEntriesAreRefused() {
        var archive = TorchArchive()
        archive.add("v/data.pkl", [UInt8](TorchArchive.empty), method: 8)
        #expect(throws: VoiceFileError.compressed(path: "v", entry: "v/data.pkl")) {
            try TorchFile(archive.bytes, path: "v")
        }
    }

    @Test func aChangedByteOfAStorageIsSeen() throws {
        var bytes = try Self.bytes()
        bytes[4500] ^= 1
        let file = try TorchFile(bytes, path: "v")
        #expect(
            throws: VoiceFileError.badArchive(
                path: "v", reason: "conds/data/5 is not what was written: its checksum differs")
        ) { try file.floats("gen", "prompt_feat") }
    }

    @Test func numbersOfOtherByteOrderAreRefused() {
        var archive = TorchArchive()
        archive.add("v/data.pkl", TorchArchive.empty)
        archive.add("v/byteorder", Array("big".utf8))
        #expect(throws: VoiceFileError.self) { try TorchFile(archive.bytes, path: "v") }
    }

    @Test func entriesAreFoundBehindAComment() throws {
        var archive = TorchArchive()
        archive.add("v/data.pkl", TorchArchive.empty)
        archive.comment = Array("made by hand".utf8)
        _ = try TorchFile(archive.bytes, path: "v")
    }

    @Test func twoEntriesOfOneNameAreRefused() {
        var archive = TorchArchive()
        archive.add("v/data.pkl", TorchArchive.empty)
        archive.add("v/data.pkl", TorchArchive.empty)
        #expect(throws: VoiceFileError.badArchive(path: "v", reason: "it has two entries v/data.pkl")) {
            try TorchFile(archive.bytes, path: "v")
        }
    }

    // MARK: Tensors

    @Test func tensorsAreReadByTheirStrides() throws {
        let values: [Float] = [0, 1, 2, 3, 4, 5]
        let file = try TorchArchive.file("FloatStorage", values.flatMap { littleEndian($0.bitPattern) }, count: 6) {
            $0.tensor("plain", offset: 0, shape: [2, 3], strides: [3, 1])
            $0.tensor("turned", offset: 0, shape: [3, 2], strides: [1, 3])
            $0.tensor("part", offset: 1, shape: [2, 2], strides: [3, 1])
            $0.tensor("repeated", offset: 4, shape: [1, 3], strides: [7, 0])
            $0.tensor("empty", offset: 9, shape: [0, 3], strides: [3, 1])
            $0.tensor("single", offset: 5, shape: [], strides: [])
        }
        #expect(try file.floats("d", "plain").values == [0, 1, 2, 3, 4, 5])
        #expect(try file.floats("d", "turned").values == [0, 3, 1, 4, 2, 5])
        #expect(try file.floats("d", "part").values == [1, 2, 4, 5])
        #expect(try file.floats("d", "repeated").values == [4, 4, 4])
        #expect(try file.floats("d", "empty").values == [])
        #expect(try file.floats("d", "single").values == [5])
        #expect(throws: VoiceFileError.self) { try file.integers("d", "plain") }
        #expect(throws: VoiceFileError.missing(path: "v", name: "tensor d.absent")) { try file.floats("d", "absent") }
    }

    @Test func everyTypeIsWidened() throws {
        let half = try TorchArchive.file("HalfStorage", [0x00, 0x3c, 0x01, 0x00, 0x00, 0xc0], count: 3) {
            $0.tensor("t", offset: 0, shape: [3], strides: [1])
        }
        #expect(try half.floats("d", "t").values == [1, 0x1p-24, -2])
        let brain = try TorchArchive.file("BFloat16Storage", [0x80, 0x3f, 0x00, 0xc0], count: 2) {
            $0.tensor("t", offset: 0, shape: [2], strides: [1])
        }
        #expect(try brain.floats("d", "t").values == [1, -2])
        let short = try TorchArchive.file("IntStorage", littleEndian(Int32(-7)), count: 1) {
            $0.tensor("t", offset: 0, shape: [1], strides: [1])
        }
        #expect(try short.integers("d", "t").values == [-7])
        let long = try TorchArchive.file("LongStorage", littleEndian(Int64.min), count: 1) {
            $0.tensor("t", offset: 0, shape: [1], strides: [1])
        }
        #expect(try long.integers("d", "t").values == [Int.min])
        #expect(throws: VoiceFileError.self) { try long.floats("d", "t") }
    }

    /// Offset, shape and strides over a storage of six numbers.
    @Test(arguments: [
        (6, [1], [1]), (0, [7], [1]), (0, [2, 3], [4, 1]), (-1, [1], [1]), (0, [-1], [1]), (0, [2], [-1]),
        (0, [2], [1, 1]), (0, [1 << 21], [0]), (0, [1 << 30, 1 << 30], [0, 0]), (0, [2], [Int(Int32.max)]),
        (Int(Int32.max), [2], [Int(Int32.max)]), (0, [1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ])
    func whatLiesOutsideAStorageIsRefused(_ offset: Int, _ shape: [Int], _ strides: [Int]) {
        #expect(throws: VoiceFileError.self) {
            let file = try TorchArchive.file("FloatStorage", [UInt8](repeating: 0, count: 24), count: 6) {
                $0.tensor("t", offset: offset, shape: shape, strides: strides)
            }
            _ = try file.floats("d", "t")
        }
    }

    /// Numbers in 24 bytes.
    @Test(arguments: [5, 7, 0, -1, Int(Int32.max)])
    func aStorageOfAnotherLengthIsRefused(_ count: Int) {
        #expect(throws: VoiceFileError.self) {
            let file = try TorchArchive.file("FloatStorage", [UInt8](repeating: 0, count: 24), count: count) {
                $0.tensor("t", offset: 0, shape: [1], strides: [1])
            }
            _ = try file.floats("d", "t")
        }
    }
}

@Suite struct PickleReaderTests {
    /// Every instruction that a pickle of tensors does without.
    @Test func otherInstructionsAreRefused() {
        let known = Array("(.NKMJGXqrhj)t}sucQR".utf8) + [0x80, 0x88, 0x89, 0x8a, 0x85, 0x86, 0x87]
        for opcode in UInt8.min...UInt8.max where !known.contains(opcode) {
            #expect(throws: VoiceFileError.forbiddenInstruction(path: "v", opcode: opcode, offset: 3)) {
                try PickleReader([0x80, 2, UInt8(ascii: "}"), opcode, UInt8(ascii: ".")], path: "v")
            }
        }
    }

    @Test(arguments: [
        "os\nsystem", "builtins\neval", "torch\nBoolStorage", "torch._utils\n_rebuild_parameter",
        "collections\ndefaultdict",
        "torch._utils\n_rebuild_tensor_v2.x", "torch\ntorch.FloatStorage", "\n",
    ])
    func otherNamesAreRefused(_ name: String) {
        #expect(throws: VoiceFileError.forbiddenGlobal(path: "v", name: name.replacing("\n", with: "."))) {
            try PickleReader([0x80, 2] + Array("c\(name)\n.".utf8), path: "v")
        }
    }

    /// Programs that take what is not there, or that never end.
    @Test(arguments: [
        "", "\u{1}", "}", "N.", "}}.", "(.", "t.", "}s.", "}NNs.", "}(Nu.", "}u.", "R.", ")R.", "NNR.", "Q.", "h\u{0}.",
        "q\u{0}.", "}q\u{0}h\u{1}.", "(}s.", "}(Q.", "X\u{1}\u{0}\u{0}\u{0}", "cos", "}.}",
    ])
    func damagedProgramsAreRefused(_ program: String) {
        #expect(throws: VoiceFileError.self) { try PickleReader([0x80, 2] + Array(program.utf8), path: "v") }
    }

    /// Small and large, of either sign, as `pickle.dumps` writes them with protocol 2.
    @Test func numbersAreReadWithTheirSigns() throws {
        func value(_ bytes: [UInt8]) throws -> PickleReader.Value? {
            try PickleReader([0x80, 2] + Array("}X\u{1}\0\0\0a".utf8) + bytes + Array("s.".utf8), path: "v")["a"]
        }
        let numbers: [(Int, [UInt8])] = [
            (200, [0x4b, 0xc8]), (60_000, [0x4d, 0x60, 0xea]), (-1, [0x4a, 0xff, 0xff, 0xff, 0xff]),
            (1 << 32, [0x8a, 5, 0, 0, 0, 0, 1]), (-(1 << 40), [0x8a, 6, 0, 0, 0, 0, 0, 0xff]), (0, [0x8a, 0]),
        ]
        for (expected, bytes) in numbers {
            guard case .number(expected)? = try value(bytes) else {
                Issue.record("\(expected) is not read")
                continue
            }
        }
        guard case .real(0.5)? = try value([0x47, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]) else {
            Issue.record("a half is not read")
            return
        }
        #expect(throws: VoiceFileError.self) { try value([0x8a, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1]) }
    }

    /// What is nested deep, refers to itself or repeats itself is neither followed nor copied.
    @Test func programsThatWouldGrowAreSmall() throws {
        let itself = Array("}q\0(X\u{1}\0\0\0ah\0u.".utf8)
        let reader = try PickleReader([0x80, 2] + itself, path: "v")
        guard case .dictionary? = reader["a", "a", "a"] else {
            Issue.record("a dictionary in itself is not found")
            return
        }
        // Each tuple holds the one before twice: 2^500 values if they were copied.
        var doubling = [0x80, 2] + Array("}X\u{1}\0\0\0a()q\u{1}".utf8)
        for _ in 0..<500 { doubling += Array("h\u{1}h\u{1}".utf8) + [0x86] + Array("q\u{1}".utf8) }
        guard case .tuple? = try PickleReader(doubling + Array("ts.".utf8), path: "v")["a"] else {
            Issue.record("a tuple of tuples is not found")
            return
        }
        #expect(throws: VoiceFileError.self) {
            try PickleReader([0x80, 2] + [UInt8](repeating: UInt8(ascii: "("), count: 100_000), path: "v")
        }
        #expect(throws: VoiceFileError.self) {
            try PickleReader([0x80, 2] + [UInt8](repeating: UInt8(ascii: "N"), count: 100_000), path: "v")
        }
        #expect(throws: VoiceFileError.self) {
            try PickleReader([UInt8](repeating: UInt8(ascii: "N"), count: 1 << 20), path: "v")
        }
    }
}

/// Thousands of damaged files, the same in each run: each is either refused by a typed error or read.
@Suite struct VoiceFileFuzzTests {
    private static func bytes() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: TinyChatterbox.directory + "/conds.pt")))
    }

    /// Errors of other types would not compile.
    private static func read(_ bytes: [UInt8]) {
        do throws(VoiceFileError) {
            let voice = try ChatterboxVoice(TorchFile(bytes, path: "v"), path: "v", for: VoiceSizes())
            #expect(VoiceSizes().fault(in: voice) == nil)
        } catch {}
    }

    @Test func truncatedFilesAreRefused() throws {
        let whole = try Self.bytes()
        var random = SplitMix(state: 1)
        for _ in 0..<1000 {
            let count = Int.random(in: 0..<whole.count, using: &random)
            #expect(throws: VoiceFileError.self) { try TorchFile(Array(whole.prefix(count)), path: "v") }
        }
    }

    /// The pickle, the headers and the directory; what is between them are numbers.
    @Test func changedFilesAreReadOrRefused() throws {
        let whole = try Self.bytes()
        var random = SplitMix(state: 2)
        let structure = Array(0..<900) + Array(1000..<1180) + Array(89_900..<whole.count)
        for _ in 0..<800 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[structure.randomElement(using: &random)!] = UInt8.random(in: 0...255, using: &random)
            }
            Self.read(bytes)
        }
    }

    /// Past the checksum: bits turned, bytes replaced, left out, doubled or exchanged in the pickle itself.
    @Test func changedPicklesAreReadOrRefused() throws {
        let pickle = Array(try Self.bytes()[64..<64 + 749])
        #expect(throws: Never.self) { try PickleReader(pickle, path: "v") }
        var random = SplitMix(state: 3)
        for _ in 0..<20_000 {
            var bytes = pickle
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes[at] = pickle.randomElement(using: &random)!
                case 2: bytes.remove(at: at)
                case 3: bytes.insert(bytes[at], at: at)
                default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            do throws(VoiceFileError) {
                let reader = try PickleReader(bytes, path: "v")
                for (dictionary, key) in [("t3", "speaker_emb"), ("gen", "prompt_feat")] {
                    guard case .tensor(let tensor)? = reader[dictionary, key], tensor.fault == nil else { continue }
                    #expect(tensor.places.count <= TorchTensor.mostElements)
                }
            } catch {}
        }
    }
}
