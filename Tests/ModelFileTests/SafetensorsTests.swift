import FoundationEssentials
import ModelFile
import TestSupport
import Testing

/// Writes `bytes` to a file of its own, opens it as safetensors and removes it.
private func open(_ bytes: [UInt8]) throws -> Safetensors {
    try withTemporaryFolder { folder in
        let path = folder + "/a.safetensors"
        try Data(bytes).write(to: URL(filePath: path))
        return try Safetensors(path: path)
    }
}

private func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(header.utf8)
        + [UInt8](repeating: 7, count: data)
}

private func tensor(_ name: String, _ shape: String, _ begin: Int, _ end: Int, type: String = "F32") -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
}

@Test func gitsPointerToTheWeightsSaysWhatToDo() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    let error = #expect(throws: ModelFileError.self) { try open(Array(pointer.utf8)) }
    #expect(error?.description.contains("git lfs pull") == true)
}

@Test func readsTensorsAndMetadata() throws {
    let header =
        #"{"__metadata__":{"a":"é\n"},"# + tensor("x", "[2,1]", 0, 8) + "," + tensor("s", "[]", 8, 10, type: "BF16")
        + "} "
    let opened = try open(file(header, data: 10))
    #expect(opened.metadata == ["a": "é\n"])
    #expect(opened.tensors["x"]?.shape == [2, 1])
    #expect(try opened.tensors["s"]?.floats() == [Float(bitPattern: 0x0707_0000)])
}

private let hostile: [(String, [UInt8])] = [
    ("shorter than a header", [1, 2, 3]),
    ("header longer than the file", file("{}", length: 1000)),
    ("header over 100 MB", file("{}", length: 200_000_000)),
    ("header length overflows", file("{}", length: .max)),
    ("no brace at the start", file(" {}")),
    ("Git's pointer to a file", Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8)),
    ("not JSON", file("{hello}  ")),
    ("unfinished JSON", file("{\"x\":")),
    ("text behind the header", file("{}  x")),
    ("duplicate tensor", file("{" + tensor("x", "[1]", 0, 4) + "," + tensor("x", "[1]", 0, 4) + "}", data: 4)),
    (
        "duplicate key in a tensor",
        file(#"{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 4)
    ),
    ("unknown key in a tensor", file(#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"z":"1"}}"#, data: 4)),
    ("missing key in a tensor", file(#"{"x":{"dtype":"F32","shape":[1]}}"#)),
    ("unknown type", file("{" + tensor("x", "[1]", 0, 4, type: "F33") + "}", data: 4)),
    ("size differs from shape", file("{" + tensor("x", "[2]", 0, 4) + "}", data: 4)),
    ("beyond the file", file("{" + tensor("x", "[2]", 0, 8) + "}", data: 4)),
    ("offsets reversed", file("{" + tensor("x", "[1]", 4, 0) + "}", data: 4)),
    ("shape overflows", file("{" + tensor("x", "[4611686018427387904,4]", 0, 0) + "}")),
    ("number overflows", file("{" + tensor("x", "[99999999999999999999]", 0, 0) + "}")),
    ("negative shape", file("{" + tensor("x", "[-1]", 0, 4) + "}", data: 4)),
    ("a hole", file("{" + tensor("x", "[1]", 4, 8) + "}", data: 8)),
    ("an overlap", file("{" + tensor("x", "[2]", 0, 8) + "," + tensor("y", "[1]", 4, 8) + "}", data: 8)),
    ("bytes of no tensor", file("{" + tensor("x", "[1]", 0, 4) + "}", data: 5)),
    ("metadata that is no string", file(#"{"__metadata__":{"a":1}}"#)),
    ("lone surrogate", file(#"{"__metadata__":{"a":"\ud800"}}"#)),
]

@Test(arguments: hostile)
func hostileFilesAreRefused(what: String, bytes: [UInt8]) {
    let error = #expect(throws: ModelFileError.self, "\(what)") { try open(bytes) }
    if case .malformed(_, _, let reason)? = error {
        #expect(!reason.isEmpty)
    } else {
        Issue.record("\(what): \(String(describing: error))")
    }
}

@Test func everyTruncationIsRefused() throws {
    let whole = file("{" + tensor("x", "[2]", 0, 8) + "," + tensor("y", "[1]", 8, 12) + "}", data: 12)
    _ = try open(whole)
    for count in 1..<whole.count {
        #expect(throws: ModelFileError.self) { try open(Array(whole.prefix(count))) }
    }
}

@Test func missingFileSaysSo() {
    #expect(throws: ModelFileError.unreadable(path: "/nowhere/x", reason: "No such file or directory")) {
        try Safetensors(path: "/nowhere/x")
    }
}
