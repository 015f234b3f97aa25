// `SHA256SUMS` in a model's folder, in the format of sha256sum(1), so that `sha256sum -c SHA256SUMS` checks it too.

import Crypto
import Files
import FoundationEssentials

package enum Checksums {
    static let fileName = "SHA256SUMS"

    package enum Verdict: Equatable, Sendable {
        case intact(files: Int)
        /// The folder has no list; nothing is known.
        case unlisted
        case damaged(file: String, reason: String)
    }

    static func write(in directory: String) throws(ModelStoreError) {
        var text = ""
        for file in StoreFiles.tree(directory) where file != fileName {
            text += try sha256(directory + "/" + file) + "  " + file + "\n"
        }
        try StoreFiles.write(text, to: directory + "/" + fileName)
    }

    package static func check(_ directory: String) throws(ModelStoreError) -> Verdict {
        guard let data = StoreFiles.read(directory + "/" + fileName) else { return .unlisted }
        var count = 0
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let hash = line.prefix(64)
            let file = String(line.dropFirst(66))
            guard hash.utf8.count == 64, line.dropFirst(64).hasPrefix("  "), HubModel.isSafe(file) else {
                return .damaged(file: fileName, reason: "a line is not a checksum, two spaces and a file")
            }
            guard StoreFiles.size(directory + "/" + file) != nil else {
                return .damaged(file: file, reason: "it is missing")
            }
            guard try sha256(directory + "/" + file) == hash.lowercased() else {
                return .damaged(file: file, reason: "its contents have changed")
            }
            count += 1
        }
        return count == 0 ? .damaged(file: fileName, reason: "it is empty") : .intact(files: count)
    }

    static func sha256(_ path: String) throws(ModelStoreError) -> String {
        var hash = SHA256()
        try feed(path, to: &hash)
        return hexadecimal(hash.finalize())
    }

    /// Feeds a file to a hash, a megabyte at a time.
    static func feed<Hash: HashFunction>(_ path: String, to hash: inout Hash) throws(ModelStoreError) {
        do throws(FileError) {
            try FileSystem.read(path) { hash.update(data: $0) }
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }
}
