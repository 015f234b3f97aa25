import Audio
import Files
import Glibc
import ModelContext

/// The one folder that a language model may have sound files written to.
struct SaveFolder {
    /// Without links.
    let path: String

    init(_ path: String) throws(FileError) { self.path = try Self.resolved(path) }

    /// Where a file of this name lies, whose folder must be this one or inside of it. Links that lead out of it are seen through.
    func file(_ name: String, replacing: Bool) throws(ToolFault) -> String {
        guard AudioFileWriter.Format(ofPath: name) != nil else {
            throw ToolFault("path ends in \(AudioFileWriter.Format.endings), which says the kind of file.")
        }
        guard !name.contains("\0") else { throw ToolFault("path holds a zero.") }
        let whole = name.hasPrefix("/") ? name : path + "/" + name
        let folder: String
        do { folder = try Self.resolved(FileSystem.parent(of: whole)) } catch {
            throw ToolFault("The folder of \(name) is not there. Files are saved in \(path).")
        }
        guard FileSystem.isFolder(folder) else { throw ToolFault("\(folder) is no folder.") }
        guard folder == path || folder.hasPrefix(path == "/" ? path : path + "/") else {
            throw ToolFault("\(name) lies outside of \(path), the only folder that files are saved in.")
        }
        let last = whole[whole.index(after: whole.lastIndex(of: "/")!)...]
        let file = (folder == "/" ? "" : folder) + "/" + last
        guard replacing || !FileSystem.exists(file) else {
            throw ToolFault("There is a file \(name) already. Choose another name, or say overwrite.")
        }
        return file
    }

    /// The path without links, "." and "..". What it names must be there.
    private static func resolved(_ path: String) throws(FileError) -> String {
        guard let real = unsafe realpath(path, nil) else { throw FileError(path: path, code: errno) }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
