import Files
import Foundation
import ModelContext
import TestSupport
import Testing

@testable import makima

/// Where a language model may have files written.
struct SaveFolderTests {
    let place: TemporaryFolder
    let folder: SaveFolder

    init() throws {
        place = try TemporaryFolder()
        try FileSystem.makeFolder(place.path("inside/deeper"))
        try FileSystem.makeFolder(place.path("outside"))
        try FileSystem.makeFolder(place.path("inside-not"))
        try FileSystem.link(place.path("inside/way-out"), to: place.path("outside"))
        try place.write(Data([1]), to: "inside/there.wav")
        folder = try SaveFolder(place.path("inside"))
    }

    @Test(arguments: ["a.wav", "deeper/a.mp3", "deeper/../a.flac", "./a.opus", "..wav.wav", "A.WAV"])
    func filesInside(name: String) throws {
        let path = try folder.file(name, replacing: false)
        #expect(path.hasPrefix(folder.path + "/"))
    }

    @Test func anAbsolutePathInside() throws {
        #expect(try folder.file(folder.path + "/deeper/a.wav", replacing: false) == folder.path + "/deeper/a.wav")
    }

    @Test(arguments: [
        "../a.wav", "../inside-not/a.wav", "deeper/../../a.wav", "way-out/a.wav", "/tmp/a.wav", "/a.wav", "//a.wav",
        "missing/a.wav", "a.txt", "a", "", "..", ".wav", "/", "a.wav/", "a.wav\0", "there.wav/a.wav",
    ])
    func whatLiesElsewhereIsRefused(name: String) {
        #expect(throws: ToolFault.self) { try folder.file(name, replacing: true) }
    }

    @Test func aFileIsReplacedOnlyOnRequest() throws {
        #expect(throws: ToolFault.self) { try folder.file("there.wav", replacing: false) }
        #expect(try folder.file("there.wav", replacing: true) == folder.path + "/there.wav")
    }
}
