// A file of torch.save: an archive of a pickle and the storages of its tensors.

import FoundationEssentials
import ModelFile

/// Dictionaries of tensors that torch.save wrote, in memory.
struct TorchFile {
    private let archive: StoredArchive
    private let pickle: PickleReader
    /// Of the names of all entries.
    private let prefix: String
    private let path: String

    /// The voice of a clip of 10 s has 200 KB.
    private static let mostBytes = 1 << 24

    init(path: String) throws(VoiceFileError) {
        let file: MappedFile
        do throws(ModelFileError) {
            file = try MappedFile(path: path)
        } catch {
            if case .unreadable(_, let reason) = error { throw .unreadable(path: path, reason: reason) }
            throw .unreadable(path: path, reason: "\(error)")
        }
        guard file.count <= Self.mostBytes else {
            throw .tooLarge(path: path, bytes: file.count, limit: Self.mostBytes)
        }
        try self.init(file.bytes(0..<file.count), path: path)
    }

    init(_ bytes: [UInt8], path: String) throws(VoiceFileError) {
        let archive = try StoredArchive(bytes, path: path)
        let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") }
        guard pickles.count == 1 else { throw .badArchive(path: path, reason: "it has \(pickles.count) pickles") }
        prefix = String(pickles[0].dropLast("data.pkl".count))
        if archive.names.contains(prefix + "byteorder") {
            let order = try archive.read(prefix + "byteorder")
            guard order.elementsEqual("little".utf8) else {
                throw .badArchive(path: path, reason: "its numbers are not stored with the lowest byte first")
            }
        }
        pickle = try PickleReader(Array(archive.read(pickles[0])), path: path)
        self.archive = archive
        self.path = path
    }

    /// Shape and numbers of the tensor under a key of a dictionary, widened to float32; only float types.
    func floats(_ dictionary: String, _ key: String) throws(VoiceFileError) -> (shape: [Int], values: [Float]) {
        let name = "\(dictionary).\(key)"
        let tensor = try tensor(dictionary, key)
        let data = try data(of: tensor, name)
        switch tensor.storage.type {
        case .f32: return (tensor.shape, tensor.places.map { Float(bitPattern: UInt32(data.number($0, 4))) })
        case .bf16: return (tensor.shape, tensor.places.map { Float(bitPattern: UInt32(data.number($0, 2)) << 16) })
        case .f16: return (tensor.shape, tensor.places.map { Tensor.widen(UInt16(data.number($0, 2))) })
        case .i8, .i32, .i64: throw .badTensor(path: path, name: name, reason: "holds whole numbers")
        }
    }

    /// The same for whole numbers.
    func integers(_ dictionary: String, _ key: String) throws(VoiceFileError) -> (shape: [Int], values: [Int]) {
        let name = "\(dictionary).\(key)"
        let tensor = try tensor(dictionary, key)
        let data = try data(of: tensor, name)
        switch tensor.storage.type {
        case .i32: return (tensor.shape, tensor.places.map { Int(Int32(truncatingIfNeeded: data.number($0, 4))) })
        case .i64: return (tensor.shape, tensor.places.map { Int(Int64(bitPattern: data.number($0, 8))) })
        case .f32, .bf16, .f16, .i8: throw .badTensor(path: path, name: name, reason: "holds no whole numbers")
        }
    }

    private func tensor(_ dictionary: String, _ key: String) throws(VoiceFileError) -> TorchTensor {
        guard case .tensor(let tensor)? = pickle[dictionary, key] else {
            throw .missing(path: path, name: "tensor \(dictionary).\(key)")
        }
        if let fault = tensor.fault { throw .badTensor(path: path, name: "\(dictionary).\(key)", reason: fault) }
        return tensor
    }

    /// The storage of a tensor, which has all the bytes that it should.
    private func data(of tensor: TorchTensor, _ name: String) throws(VoiceFileError) -> Storage {
        let entry = prefix + "data/" + tensor.storage.key
        let (expected, overflows) = tensor.storage.count.multipliedReportingOverflow(by: tensor.storage.type.size)
        let count = try archive.count(entry)
        guard !overflows, expected == count else {
            throw .badTensor(
                path: path, name: name, reason: "has a storage of \(tensor.storage.count) numbers in \(count) bytes")
        }
        return Storage(bytes: try archive.read(entry))
    }

    private struct Storage {
        let bytes: ArraySlice<UInt8>

        /// Number `index` of those of `size` bytes.
        func number(_ index: Int, _ size: Int) -> UInt64 {
            let start = bytes.startIndex + index * size
            return bytes[start..<start + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
