import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Files

extension TemporaryFolder {
    fileprivate func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate func write(_ text: String, to name: String) throws {
        try FileSystem.write(Array(text.utf8), to: path + "/" + name)
    }
}

/// What `body` throws.
private func failure(_ body: () throws(FileError) -> Void) -> FileError? {
    do { try body() } catch { return error }
    return nil
}

@Suite struct FileSystemTests {
    @Test func aFileIsReadInPieces() throws {
        let folder = try TemporaryFolder()
        try folder.write("0123456789", to: "a")
        var pieces: [String] = []
        try FileSystem.read(folder.path + "/a", pieceSize: 4) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        #expect(pieces == ["0123", "4567", "89"])
        let missing = failure { () throws(FileError) in try FileSystem.read(folder.path + "/b") { _ in } }
        #expect(missing == FileError(path: folder.path + "/b", code: ENOENT))
        let notAFile = failure { () throws(FileError) in try FileSystem.read(folder.path) { _ in } }
        #expect(notAFile == FileError(path: folder.path, code: EISDIR))
    }

    @Test func writingMakesTheFoldersAndReplacesWhatWasThere() throws {
        let folder = try TemporaryFolder()
        try folder.write("first and longer", to: "a/b/c")
        try folder.write("second", to: "a/b/c")
        #expect(folder.text("a/b/c") == "second")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a/b") == ["c"])
    }

    @Test func aStagedFileThatIsDroppedLeavesTheTargetAndNothingElse() throws {
        let folder = try TemporaryFolder()
        try folder.write("before", to: "file")
        do {
            let staged = try StagedFile(for: folder.path + "/file")
            try staged.write(Array("half".utf8))
            #expect(try folder.names.count == 2)
        }
        #expect(try folder.names == ["file"])
        #expect(folder.text("file") == "before")
    }

    @Test func aStagedFileThatCannotTakeItsNameIsRemoved() throws {
        let folder = try TemporaryFolder()
        try folder.write("inside", to: "taken/file")
        let path = folder.path + "/taken"
        #expect(
            failure { () throws(FileError) in
                let staged = try StagedFile(for: path)
                try staged.publish()
            } == FileError(path: path, code: EISDIR))
        #expect(try folder.names == ["taken"])
    }

    @Test func anErrorNamesTheTargetAndTheSystemsReason() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/none/file"
        let found = failure { () throws(FileError) in _ = try StagedFile(for: path) }
        #expect(found?.description == "\(path): No such file or directory")
    }

    @Test func aFolderWithSomethingInItIsNotReplaced() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine", to: "old/file")
        try folder.write("new", to: "new/file")
        let path = folder.path
        let found = failure { () throws(FileError) in try FileSystem.rename(path + "/new", to: path + "/old") }
        #expect(found == FileError(path: path + "/old", code: ENOTEMPTY))
        #expect(folder.text("old/file") == "mine")
    }

    @Test func aFolderIsMadeOnceAndAFileInItsPlaceIsAnError() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        try FileSystem.makeFolder(path + "/a/b")
        try FileSystem.makeFolder(path + "/a/b")
        #expect(failure { () throws(FileError) in try FileSystem.makeNewFolder(path + "/a") }?.code == EEXIST)
        try folder.write("text", to: "file")
        #expect(failure { () throws(FileError) in try FileSystem.makeFolder(path + "/file") }?.code == EEXIST)
        #expect(failure { () throws(FileError) in try FileSystem.makeFolder(path + "/file/a") }?.code == EEXIST)
    }

    @Test func aLinkIsReplacedInOneStepAndALinkToNothingExists() throws {
        let folder = try TemporaryFolder()
        try FileSystem.link(folder.path + "/link", to: "one")
        try FileSystem.link(folder.path + "/link", to: "two")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == "two")
        #expect(try folder.names == ["link"])
        #expect(FileSystem.exists(folder.path + "/link"))
        #expect(!FileSystem.isFolder(folder.path + "/link"))
        try FileSystem.removeTree(folder.path + "/link")
        #expect(try folder.names == [])
    }

    @Test func whatIsNotThereIsRemovedAlready() throws {
        let folder = try TemporaryFolder()
        try FileSystem.removeTree(folder.path + "/none")
    }

    @Test func onlyOneHoldsALock() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        /// How many of `count` can be had at the same time.
        func locks(_ count: Int) throws -> Int {
            guard count > 0, let lock = try FileLock(path: path) else { return 0 }
            let more = try locks(count - 1)
            _ = consume lock
            return 1 + more
        }
        #expect(try locks(2) == 1)
        #expect(try locks(1) == 1)
    }

    @Test func aPlaceToComeHasTheSpaceOfTheFolderThatIsThere() throws {
        let folder = try TemporaryFolder()
        let free = try #require(FileSystem.freeSpace(at: folder.path + "/to/come"))
        #expect(free > 0)
    }

    @Test(arguments: [("a/b", "a"), ("/a", "/"), ("a", "."), ("/a/b/c", "/a/b")])
    func theParentOfAPath(path: String, parent: String) {
        #expect(FileSystem.parent(of: path) == parent)
    }

    @Test func theFoldersAboveAPathEndAtTheRoot() {
        #expect(FileSystem.folders(above: "/a/b/c") == ["/a/b", "/a", "/"])
        #expect(FileSystem.folders(above: "a") == ["."])
    }

    @Test func piecesAreWrittenWhereTheyBelong() throws {
        let folder = try TemporaryFolder()
        let file = try OutputFile(creating: folder.path + "/file")
        try file.write(Array("def".utf8), at: 3)
        try file.write(Array("abc".utf8), at: 0)
        try file.synchronize()
        #expect(folder.text("file") == "abcdef")
    }
}
