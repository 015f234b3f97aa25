// A zip archive whose entries are stored as they are, which is what torch.save writes.

import Files

/// Where the entries of an archive in memory are. Every offset and length is checked before it is used.
struct StoredArchive {
    private let bytes: [UInt8]
    private let path: String
    private let entries: [String: Entry]

    private struct Entry {
        let data: Range<Int>
        let checksum: UInt32
    }

    private static let mostEntries = 4096
    private static let endLength = 22
    private static let longestComment = 65_535
    private static let directoryLength = 46
    private static let localLength = 30

    init(_ bytes: [UInt8], path: String) throws(VoiceFileError) {
        self.bytes = bytes
        self.path = path
        let end = try Self.end(bytes, path)
        var reader = LittleEndianReader(bytes, at: end + 10, to: bytes.count)
        guard let count = reader.number(2), let size = reader.number(4), let start = reader.number(4),
            start <= end, size <= end - start
        else { throw .badArchive(path: path, reason: "its directory lies outside the file") }
        guard count <= Self.mostEntries else { throw .badArchive(path: path, reason: "it has \(count) entries") }
        var entries: [String: Entry] = [:]
        var at = start
        for _ in 0..<count {
            let (name, entry, next) = try Self.entry(bytes, at: at, directory: start..<start + size, path)
            guard entries.updateValue(entry, forKey: name) == nil else {
                throw .badArchive(path: path, reason: "it has two entries \(name)")
            }
            at = next
        }
        self.entries = entries
    }

    var names: [String] { entries.keys.sorted() }

    /// Length of an entry.
    func count(_ name: String) throws(VoiceFileError) -> Int { try entry(name).data.count }

    /// The bytes of an entry, which are those that were written.
    func read(_ name: String) throws(VoiceFileError) -> ArraySlice<UInt8> {
        let entry = try entry(name)
        let data = bytes[entry.data]
        guard Checksum.of(data) == entry.checksum else {
            throw .badArchive(path: path, reason: "\(name) is not what was written: its checksum differs")
        }
        return data
    }

    private func entry(_ name: String) throws(VoiceFileError) -> Entry {
        guard let entry = entries[name] else { throw .missing(path: path, name: name) }
        return entry
    }

    /// Where the record is that ends the file, but for a comment.
    private static func end(_ bytes: [UInt8], _ path: String) throws(VoiceFileError) -> Int {
        var at = bytes.count - endLength
        let first = max(0, at - longestComment)
        while at >= first {
            if bytes[at] == 0x50, bytes[at + 1] == 0x4b, bytes[at + 2] == 5, bytes[at + 3] == 6 {
                let comment = Int(bytes[at + 20]) | Int(bytes[at + 21]) << 8
                if at + endLength + comment == bytes.count { return at }
            }
            at -= 1
        }
        throw .badArchive(path: path, reason: "it is no zip archive, or it is cut off")
    }

    /// The entry that the directory describes at `at`, and where the next is described.
    private static func entry(
        _ bytes: [UInt8], at: Int, directory: Range<Int>, _ path: String
    ) throws(VoiceFileError) -> (String, Entry, Int) {
        let damage = VoiceFileError.badArchive(path: path, reason: "its directory is damaged (byte \(at))")
        var reader = LittleEndianReader(bytes, at: at, to: directory.upperBound)
        guard reader.number(4) == 0x0201_4b50, reader.skip(4), let flags = reader.number(2),
            let method = reader.number(2), reader.skip(4), let checksum = reader.number(4), let size = reader.number(4),
            let length = reader.number(4), let nameLength = reader.number(2), let extraLength = reader.number(2),
            let commentLength = reader.number(2), reader.skip(8), let offset = reader.number(4),
            let nameBytes = reader.bytes(nameLength), let name = String(validating: nameBytes, as: UTF8.self),
            reader.skip(extraLength + commentLength)
        else { throw damage }
        guard method == 0 else { throw .compressed(path: path, entry: name) }
        guard flags & 1 == 0, size == length else { throw damage }
        var local = LittleEndianReader(bytes, at: offset, to: directory.lowerBound)
        guard local.number(4) == 0x0403_4b50, local.skip(22), let localName = local.number(2),
            let localExtra = local.number(2), let sameName = local.bytes(localName),
            Array(sameName) == Array(nameBytes),
            local.skip(localExtra), local.skip(size)
        else { throw .badArchive(path: path, reason: "\(name) lies outside the file, or elsewhere than it should") }
        return (name, Entry(data: local.at - size..<local.at, checksum: UInt32(checksum)), reader.at)
    }
}

/// CRC-32, as zip has it.
private enum Checksum {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ value >> 1 : value >> 1 }
    }

    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var value = UInt32.max
        for byte in bytes { value = table[Int((value ^ UInt32(byte)) & 255)] ^ value >> 8 }
        return ~value
    }
}
