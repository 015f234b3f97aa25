import Chatterbox
import Testing

@testable import ModelStore

private let chatterbox = [
    "t3_turbo_v1.safetensors", "s3gen_meanflow.safetensors", "ve.safetensors", "vocab.json", "merges.txt",
    "tokenizer_config.json",
]

@Test func aRepositoryIsKnownByItsFiles() throws {
    #expect(try ReleasedFamily.of(["config.json", "model-00001-of-00002.safetensors"], id: "a/b") == .qwen3)
    #expect(try ReleasedFamily.of(chatterbox, id: "a/b") == .chatterbox)
    #expect(try ReleasedFamily.of(chatterbox + ["config.json", "conds.pt"], id: "a/b") == .chatterbox)
    let nano = chatterbox.map { $0.replacing("turbo", with: "nano") }
    #expect(try ReleasedFamily.of(nano, id: "a/b") == .chatterbox)
    // The names are the engine's own.
    #expect(ReleasedFamily.chatterbox.marks == T3Files.names)
    for file in [ChatterboxCheckpoint.s3gen, ChatterboxCheckpoint.encoder, ChatterboxCheckpoint.conditionals] {
        #expect(ReleasedFamily.chatterbox.takes(file))
    }
}

@Test func whatIsMissingIsNamed() {
    func reason(_ files: [String]) -> String {
        let error = #expect(throws: ModelStoreError.self) { try ReleasedFamily.of(files, id: "a/b") }
        return error.map { "\($0)" } ?? ""
    }
    for file in chatterbox.dropFirst() { #expect(reason(chatterbox.filter { $0 != file }).contains(file)) }
    #expect(reason(["config.json", "model.gguf"]).contains("no *.safetensors"))
    #expect(reason(chatterbox + ["t3_nano_v1.safetensors"]).contains("both t3_turbo_v1.safetensors and t3_nano"))
    for files in [[], ["README.md"], Array(chatterbox.dropFirst())] {
        #expect(reason(files).contains("config.json") && reason(files).contains("t3_turbo_v1.safetensors"))
    }
}

@Test func noPictureNoOtherPickleAndNothingHiddenIsTaken() {
    for path in [".gitattributes", "a/.hidden/x.json", "x.pt", "x.png", "model.bin"] {
        for family in ReleasedFamily.all { #expect(!family.takes(path), "\(path)") }
    }
    #expect(ReleasedFamily.qwen3.takes("speech_tokenizer/model.safetensors"))
    // A checkpoint of weights alone takes what it names.
    #expect(!ReleasedFamily.chatterbox.takes("s3gen.safetensors") && !ReleasedFamily.chatterbox.takes("x/vocab.json"))
}
