import TestSupport

@testable import Chatterbox

/// A file of torch.save by hand, so that reading is not only tested with what torch writes.
struct TorchArchive {
    private var locals: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0
    var comment: [UInt8] = []

    /// A pickle of an empty dictionary.
    static let empty: [UInt8] = [0x80, 2, UInt8(ascii: "}"), UInt8(ascii: ".")]

    mutating func add(_ name: String, _ data: [UInt8], method: UInt16 = 0) {
        let name = Array(name.utf8)
        let sizes = littleEndian(checksum(data)) + littleEndian(UInt32(data.count)) + littleEndian(UInt32(data.count))
        let lengths = littleEndian(UInt16(name.count)) + littleEndian(UInt16(0))
        let common = littleEndian(UInt16(20)) + littleEndian(UInt16(0)) + littleEndian(method) + [0, 0, 0, 0] + sizes
        let offset = UInt32(locals.count)
        locals += littleEndian(UInt32(0x0403_4b50)) + common + lengths + name + data
        directory += littleEndian(UInt32(0x0201_4b50)) + [20, 0] + common + lengths
        directory += [UInt8](repeating: 0, count: 10) + littleEndian(offset) + name
        count += 1
    }

    var bytes: [UInt8] {
        let sizes = littleEndian(UInt32(directory.count)) + littleEndian(UInt32(locals.count))
        let end = littleEndian(UInt32(0x0605_4b50)) + [0, 0, 0, 0] + littleEndian(count) + littleEndian(count) + sizes
        return locals + directory + end + littleEndian(UInt16(comment.count)) + comment
    }

    /// Bit by bit, as its definition says.
    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
        }
        return ~value
    }

    /// A file of a dictionary "d" of tensors that share a storage.
    static func file(
        _ type: String, _ data: [UInt8], count: Int, _ fill: (inout Pickle) -> Void
    ) throws -> TorchFile {
        var pickle = Pickle(type: type, count: count)
        fill(&pickle)
        var archive = TorchArchive()
        archive.add("v/data.pkl", pickle.bytes)
        archive.add("v/data/0", data)
        return try TorchFile(archive.bytes, path: "v")
    }

    struct Pickle {
        let type: String
        let count: Int
        private var items: [UInt8] = []

        init(type: String, count: Int) {
            self.type = type
            self.count = count
        }

        var bytes: [UInt8] {
            let parts: [[UInt8]] = [[0x80, 2], ascii("}("), text("d"), ascii("}("), items, ascii("uu.")]
            return parts.flatMap { $0 }
        }

        mutating func tensor(_ name: String, offset: Int, shape: [Int], strides: [Int]) {
            let parts: [[UInt8]] = [
                text(name), ascii("ctorch._utils\n_rebuild_tensor_v2\n(("), text("storage"),
                ascii("ctorch\n\(type)\n"), text("0"), text("cpu"), number(count), ascii("tQ"),
                number(offset), tuple(shape), tuple(strides), [0x89], ascii("ccollections\nOrderedDict\n)RtR"),
            ]
            items += parts.flatMap { $0 }
        }

        private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

        private func text(_ text: String) -> [UInt8] {
            [UInt8(ascii: "X")] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
        }

        private func number(_ number: Int) -> [UInt8] {
            [UInt8(ascii: "J")] + littleEndian(Int32(truncatingIfNeeded: number))
        }

        private func tuple(_ numbers: [Int]) -> [UInt8] {
            [UInt8(ascii: "(")] + numbers.flatMap(number) + [UInt8(ascii: "t")]
        }
    }
}
