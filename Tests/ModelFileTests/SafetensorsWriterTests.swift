import FoundationEssentials
import ModelFile
import TestSupport
import Testing

private func withPath<T>(_ body: (String) throws -> T) throws -> T {
    try withTemporaryFolder { try body($0 + "/a.safetensors") }
}

@Test func everyTensorBeginsOnALineWithoutHoles() throws {
    try withPath { path in
        let shapes = [[2], [16], [3, 5], [64], [1], [0, 7], [], [33]]
        let tensors = shapes.enumerated().map {
            TensorDescription(name: "t\($0.offset) \"\\\n", type: .f32, shape: $0.element)
        }
        let writer = try SafetensorsWriter(path: path, tensors: tensors, metadata: ["a\"": "b\u{1}é"])
        for tensor in tensors {
            let values = (0..<tensor.byteCount / 4).map { Float($0) + 0.5 }
            // In two pieces, the second first.
            let half = values.count / 2
            try writer.write(Array(values[half...]), to: tensor.name, at: half * 4)
            try writer.write(Array(values[..<half]), to: tensor.name, at: 0)
        }
        try writer.finish()
        let file = try Safetensors(path: path)
        #expect(file.metadata == ["a\"": "b\u{1}é"])
        for tensor in tensors {
            let found = try #require(file.tensors[tensor.name])
            #expect(found.shape == tensor.shape)
            #expect(found.fileOffset % SafetensorsWriter.alignment == 0, "\(tensor)")
            #expect(try found.floats() == (0..<found.count).map { Float($0) + 0.5 })
        }
        #expect(file.tensors.values.allSatisfy { $0.fileOffset % 64 == 0 || $0.name.hasPrefix("padding.") })
    }
}

@Test func incompleteFilesAreNotFinished() throws {
    try withPath { path in
        let tensors = [TensorDescription(name: "x", type: .i8, shape: [10])]
        let writer = try SafetensorsWriter(path: path, tensors: tensors)
        try writer.write([Int8](repeating: 1, count: 9), to: "x", at: 0)
        #expect(throws: ModelFileError.unwritable(path: path, reason: "tensor x is not complete")) {
            try writer.finish()
        }
    }
}

@Test func nothingIsOverwrittenAndNamesAreUnique() throws {
    try withPath { path in
        let x = TensorDescription(name: "x", type: .i8, shape: [1])
        #expect(throws: ModelFileError.self) { try SafetensorsWriter(path: path, tensors: [x, x]) }
        _ = try SafetensorsWriter(path: path, tensors: [x])
        #expect(throws: ModelFileError.unwritable(path: path, reason: "File exists")) {
            try SafetensorsWriter(path: path, tensors: [x])
        }
        #expect(throws: ModelFileError.self) { try SafetensorsWriter(path: "/nowhere/x", tensors: [x]) }
    }
}

@Test func changesOnTheDiskAreFound() throws {
    try withPath { path in
        let tensors = [TensorDescription(name: "x", type: .f32, shape: [16])]
        let writer = try SafetensorsWriter(path: path, tensors: tensors)
        try writer.write([Float](repeating: 1, count: 16), to: "x", at: 0)
        var bytes = Array(try Data(contentsOf: URL(filePath: path)))
        bytes[bytes.count - 1] ^= 1
        try Data(bytes).write(to: URL(filePath: path))
        #expect(throws: ModelFileError.unwritable(path: path, reason: "tensor x reads back differently")) {
            try writer.finish()
        }
    }
}

@Test func piecesOfATensorEqualTheWhole() throws {
    try withPath { path in
        let tensors = [
            TensorDescription(name: "f", type: .f32, shape: [5, 7]),
            TensorDescription(name: "b", type: .bf16, shape: [35]),
            TensorDescription(name: "h", type: .f16, shape: [35]),
        ]
        let writer = try SafetensorsWriter(path: path, tensors: tensors)
        try writer.write((0..<35).map { Float($0) / 3 }, to: "f", at: 0)
        try writer.write((0..<35).map { UInt16(0x3f00 + $0) }, to: "b", at: 0)
        try writer.write((0..<35).map { UInt16(0x3c00 + $0) }, to: "h", at: 0)
        try writer.finish()
        for tensor in try Safetensors(path: path).tensors.values where !tensor.name.hasPrefix("padding.") {
            let whole = try tensor.floats()
            #expect(try tensor.floats(3..<20) == Array(whole[3..<20]))
            #expect(tensor.bytes(3..<20) == Array(tensor.bytes(0..<35)[3 * tensor.type.size..<20 * tensor.type.size]))
            tensor.release(3..<20)
            tensor.release(0..<tensor.count)
            #expect(try tensor.floats() == whole)
        }
    }
}
