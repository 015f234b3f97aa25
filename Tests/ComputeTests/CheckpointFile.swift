// A safetensors file with the tensors a test names, written by hand so that the reader is tested against the format.

import FoundationEssentials
import ModelFile
import TestSupport

struct CheckpointFile {
    private var header: [String] = []
    private var data: [UInt8] = []

    mutating func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
        let end = data.count + bytes.count
        header.append(#""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(data.count),\#(end)]}"#)
        data += bytes
    }

    mutating func add(_ name: String, _ shape: [Int], floats: [Float]) {
        add(name, "F32", shape, floats.flatMap { littleEndian($0.bitPattern) })
    }

    mutating func add(_ name: String, _ shape: [Int], bfloat16: [Float]) {
        add(name, "BF16", shape, bfloat16.flatMap { littleEndian(UInt16($0.bitPattern >> 16)) })
    }

    mutating func add(_ name: String, _ shape: [Int], int8: [Int8]) {
        add(name, "I8", shape, int8.map { UInt8(bitPattern: $0) })
    }

    mutating func add(_ name: String, _ shape: [Int], int64: [Int64]) {
        add(name, "I64", shape, int64.flatMap { littleEndian($0) })
    }

    /// `values` in -8...7, eight to an I32, the first in the lowest bits.
    mutating func add(_ name: String, rows: Int, int4 values: [Int]) {
        var words: [UInt32] = []
        for start in stride(from: 0, to: values.count, by: 8) {
            var word: UInt32 = 0
            for (index, value) in values[start..<start + 8].enumerated() {
                word |= UInt32(value + 8) << UInt32(4 * index)
            }
            words.append(word)
        }
        add(name, "I32", [rows, words.count / rows], words.flatMap { littleEndian($0) })
    }

    func weights() throws -> Weights {
        let text = "{" + header.joined(separator: ",") + "}"
        let bytes = littleEndian(UInt64(text.utf8.count)) + Array(text.utf8) + data
        return try withTemporaryFolder { folder in
            let path = folder + "/a.safetensors"
            try Data(bytes).write(to: URL(filePath: path))
            return Weights(tensors: try Safetensors(path: path).tensors, path: path)
        }
    }
}
