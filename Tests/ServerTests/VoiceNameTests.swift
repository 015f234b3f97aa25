import Audio
import Foundation
import TestSupport
import Testing

@testable import Server

@Suite struct VoiceNameTests {
    private func store(in folder: String) throws -> VoiceStore {
        for (id, name) in [("ada", "Frau Müller"), ("frau", "Ada"), ("makima", "Makima")] {
            let path = "\(folder)/\(id)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            var writer = try AudioFileWriter(path: path + "/reference.wav", sampleRate: 24_000)
            try writer.write(buzz(seconds: 4).samples)
            try writer.finish()
            try Data(#"{"name": "\#(name)"}"#.utf8).write(to: URL(filePath: path + "/metadata.json"))
        }
        return VoiceStore(directory: folder, builtIn: nil, defaultVoice: "makima")
    }

    @Test(arguments: [
        ("ada", "ada"), ("ADA", "ada"), ("Frau Müller", "ada"), ("FRAU MÜLLER", "ada"), ("Frau", "frau"),
        (" Makima ", "makima"), ("", "makima"), ("  ", "makima"),
    ])
    func aVoiceIsFoundByIdOrNameInAnyCase(name: String, id: String) throws {
        try withTemporaryFolder { folder in
            let found = try store(in: folder).find(named: name)
            #expect(found.metadata.id == id)
        }
    }

    @Test(arguments: ["nobody", "../makima", "makima/", "/etc/passwd", "~"])
    func whatNamesNoVoiceIsRefused(name: String) throws {
        try withTemporaryFolder { folder in
            let store = try store(in: folder)
            #expect(throws: VoiceError.self) { try store.find(named: name) }
        }
    }
}
