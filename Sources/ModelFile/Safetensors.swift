// The safetensors container: 8 bytes of header length, a JSON header, then the data of all tensors without holes.
// Every rule of the format is enforced before any tensor is handed out.

import FoundationEssentials

package struct Safetensors: Sendable {
    package let tensors: [String: Tensor]
    package let metadata: [String: String]
    package let path: String

    static let headerLimit = 100_000_000

    package init(path: String) throws(ModelFileError) {
        let file = try MappedFile(path: path)
        guard file.count >= 10 else { throw .malformed(path: path, offset: 0, reason: "the file is too short") }
        guard file.bytes(0..<8) != Array("version ".utf8) else {
            throw .malformed(
                path: path, offset: 0, reason: "it is Git's pointer to the weights: git lfs pull fetches them")
        }
        var length: UInt64 = 0
        for byte in file.bytes(0..<8).reversed() { length = length << 8 | UInt64(byte) }
        guard length <= UInt64(Self.headerLimit) else {
            throw .malformed(path: path, offset: 0, reason: "the header is longer than 100 MB")
        }
        let dataStart = 8 + Int(length)
        guard dataStart <= file.count else {
            throw .malformed(path: path, offset: 0, reason: "the header is longer than the file")
        }
        guard length >= 2, file.bytes(8..<9) == [UInt8(ascii: "{")] else {
            throw .malformed(path: path, offset: 8, reason: "the header does not start with '{'")
        }
        var reader = HeaderReader(bytes: file.bytes(8..<dataStart), path: path, base: 8)
        let header = try reader.read()
        tensors = try Self.place(header.entries, in: file, dataStart: dataStart)
        metadata = header.metadata
        self.path = path
    }

    /// Checks type, size and place of each tensor; together they must cover the data exactly.
    private static func place(
        _ entries: [(name: String, entry: HeaderReader.Entry)], in file: MappedFile, dataStart: Int
    ) throws(ModelFileError) -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        let available = file.count - dataStart
        func failure(_ reason: String) -> ModelFileError {
            .malformed(path: file.path, offset: dataStart, reason: reason)
        }
        for (name, entry) in entries {
            guard let type = ElementType(rawValue: entry.type) else {
                throw failure("tensor \(name) has the unknown type \(entry.type)")
            }
            guard entry.offsets.count == 2, entry.offsets[0] <= entry.offsets[1], entry.offsets[1] <= available else {
                throw failure("tensor \(name) lies outside the file: \(entry.offsets)")
            }
            var bytes = type.size
            for extent in entry.shape {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
                guard !overflow else { throw failure("tensor \(name) is too large: \(entry.shape)") }
                bytes = product
            }
            guard bytes == entry.offsets[1] - entry.offsets[0] else {
                throw failure("tensor \(name) of shape \(entry.shape) takes \(bytes) bytes, not \(entry.offsets)")
            }
            tensors[name] = Tensor(
                name: name, type: type, shape: entry.shape, file: file, offset: dataStart + entry.offsets[0])
        }
        var end = dataStart
        for tensor in tensors.values.sorted(by: { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }) {
            guard tensor.offset == end else { throw failure("a hole or an overlap before tensor \(tensor.name)") }
            end += tensor.byteCount
        }
        guard end == file.count else { throw failure("\(file.count - end) bytes belong to no tensor") }
        return tensors
    }
}

extension Safetensors {
    /// `DIR/model.safetensors`, or the shards named by `DIR/model.safetensors.index.json`.
    package static func directory(_ directory: String) throws(ModelFileError) -> Weights {
        let single = directory + "/model.safetensors"
        let index = single + ".index.json"
        guard !FileManager.default.fileExists(atPath: single), FileManager.default.fileExists(atPath: index) else {
            return Weights(tensors: try Safetensors(path: single).tensors, path: single)
        }
        struct Index: Decodable { let weight_map: [String: String] }
        let map: [String: String]
        do {
            let data = try Data(contentsOf: URL(filePath: index))
            map = try JSONDecoder().decode(Index.self, from: data).weight_map
        } catch {
            throw .unreadable(path: index, reason: "not an index with a weight_map")
        }
        var tensors: [String: Tensor] = [:]
        for shard in Set(map.values).sorted() {
            guard !shard.contains("/"), !shard.hasPrefix(".") else {
                throw .unreadable(path: index, reason: "the shard \(shard) is outside the model's folder")
            }
            for (name, tensor) in try Safetensors(path: directory + "/" + shard).tensors where map[name] == shard {
                tensors[name] = tensor
            }
        }
        for name in map.keys.sorted() where tensors[name] == nil {
            throw .missingTensor(name: name, path: directory + "/" + map[name]!)
        }
        return Weights(tensors: tensors, path: index)
    }
}
