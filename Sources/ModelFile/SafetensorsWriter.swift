// Writes a safetensors file to be mapped: data starts on a 64-byte boundary and every tensor begins on one.
//
// The format forbids holes, so the header is padded with spaces, tensors whose size is a multiple of 64 bytes come first,
// and behind each of the few others lies a small tensor of zeros named `padding.N`.

import Files
import Glibc
import Synchronization

/// What a tensor will be, before its data is there.
package struct TensorDescription: Sendable, Equatable {
    package let name: String
    package let type: ElementType
    package let shape: [Int]

    package init(name: String, type: ElementType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }

    package var byteCount: Int { shape.reduce(type.size, *) }
}

package final class SafetensorsWriter: Sendable {
    /// Mapped weights are read in vectors of up to this many bytes.
    package static let alignment = 64

    private let file: OutputFile
    private let places: [String: Range<Int>]
    private let written: Mutex<Written>

    private struct Written {
        var missing: [String: Int]  // bytes of each tensor that are not there yet
        var pieces: [Piece] = []
    }

    private struct Piece {
        let range: Range<Int>
        let checksum: UInt64
        let tensor: String
    }

    /// Creates the file, which must not exist, with its header. Data may then be written in any order and from any thread.
    package init(
        path: String, tensors: [TensorDescription], metadata: [String: String] = [:]
    ) throws(ModelFileError) {
        let laidOut = Self.padded(tensors)
        let header = Self.header(laidOut, metadata)
        guard Set(laidOut.map(\.name)).count == laidOut.count else {
            throw .unwritable(path: path, reason: "two tensors have the same name")
        }
        do { file = try OutputFile(creating: path) } catch { throw ModelFileError(error) }
        var places: [String: Range<Int>] = [:]
        var end = header.count
        for tensor in laidOut {
            places[tensor.name] = end..<end + tensor.byteCount
            end += tensor.byteCount
        }
        self.places = places
        written = Mutex(Written(missing: Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.byteCount) })))
        // The padding is zero once allocated. A full disk is found now, not after minutes of work.
        let status = posix_fallocate(file.descriptor, 0, end)
        guard status == 0 else { throw .unwritable(path: path, reason: systemMessage(status)) }
        try write(header, at: 0)
    }

    package var path: String { file.path }

    /// Elements as they lie in memory, `offset` bytes after the start of the tensor.
    package func write<Element: BitwiseCopyable>(
        _ elements: [Element], to name: String, at offset: Int
    ) throws(ModelFileError) {
        guard let place = places[name] else { throw .missingTensor(name: name, path: path) }
        let count = elements.count * MemoryLayout<Element>.stride
        precondition(offset >= 0 && offset + count <= place.count, "written outside tensor \(name)")
        try write(elements, at: place.lowerBound + offset)
        let start = place.lowerBound + offset
        let piece = Piece(
            range: start..<start + count, checksum: unsafe elements.withUnsafeBytes { unsafe Self.checksum($0) },
            tensor: name)
        written.withLock {
            $0.missing[name]! -= count
            $0.pieces.append(piece)
        }
    }

    /// Every byte of every tensor must be there; it is forced to the disk, read from it and compared.
    package func finish() throws(ModelFileError) {
        let unfinished = written.withLock { written in written.missing.filter { $0.value != 0 }.keys.min() }
        if let name = unfinished { throw .unwritable(path: path, reason: "tensor \(name) is not complete") }
        try ModelFileError.mapping { () throws(FileError) in try file.synchronize() }
        posix_fadvise(file.descriptor, 0, 0, POSIX_FADV_DONTNEED)
        let mapped = try MappedFile(path: path)
        for piece in written.withLock({ $0.pieces }) {
            let start = unsafe mapped.pointer(at: piece.range.lowerBound, count: piece.range.count)
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: piece.range.count)
            guard unsafe Self.checksum(bytes) == piece.checksum else {
                throw .unwritable(path: path, reason: "tensor \(piece.tensor) reads back differently")
            }
            mapped.release(piece.range)
        }
    }

    /// Finds any change of one word, and all but one in 2⁶⁴ of others.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0x9e37_79b9_7f4a_7c15
        var at = 0
        while at + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            sum = (sum ^ word) &* 0xff51_afd7_ed55_8ccd
            sum ^= sum >> 32
            at += 8
        }
        while at < bytes.count {
            sum = (sum ^ UInt64(unsafe bytes[at])) &* 0xff51_afd7_ed55_8ccd
            sum ^= sum >> 32
            at += 1
        }
        return sum
    }

    private func write<Element: BitwiseCopyable>(_ elements: [Element], at offset: Int) throws(ModelFileError) {
        try ModelFileError.mapping { () throws(FileError) in try file.write(elements, at: offset) }
    }

    // MARK: Layout

    /// Tensors of whole 64-byte lines first, then the others, each but the last followed by what completes its line.
    private static func padded(_ tensors: [TensorDescription]) -> [TensorDescription] {
        let whole = tensors.filter { $0.byteCount % alignment == 0 }
        var all = whole
        let partial = tensors.filter { $0.byteCount % alignment != 0 }
        for (index, tensor) in partial.enumerated() {
            all.append(tensor)
            guard index < partial.count - 1 else { continue }
            let lack = alignment - tensor.byteCount % alignment
            all.append(TensorDescription(name: "padding.\(index)", type: .i8, shape: [lack]))
        }
        return all
    }

    private static func header(_ tensors: [TensorDescription], _ metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { quoted($0.key) + ":" + quoted($0.value) }
            members.append(quoted("__metadata__") + ":{" + pairs.joined(separator: ",") + "}")
        }
        var end = 0
        for tensor in tensors {
            let begin = end
            end += tensor.byteCount
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                quoted(tensor.name)
                    + #":{"dtype":"\#(tensor.type.rawValue)","shape":[\#(shape)],"data_offsets":[\#(begin),\#(end)]}"#)
        }
        var text = Array(("{" + members.joined(separator: ",") + "}").utf8)
        while (8 + text.count) % alignment != 0 { text.append(UInt8(ascii: " ")) }
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
