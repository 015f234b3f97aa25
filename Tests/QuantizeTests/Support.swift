// What the quantizer's tests share: checkpoints to damage, and the program itself.

import Foundation
import ModelFile
import Speech
import TestSupport

let tiny = Repository.tiny + "/base"

let tinyChatterbox = Repository.path("Tests/Goldens/chatterbox/tiny")

/// A folder that is removed afterwards, and in it a copy of a tiny checkpoint to change.
func withCopy<T>(
    of checkpoint: String = tiny, _ body: (_ source: String, _ folder: String) async throws -> T
) async throws -> T {
    let place = try TemporaryFolder()
    defer { withExtendedLifetime(place) {} }
    let folder = place.path
    try FileManager.default.copyItem(atPath: checkpoint, toPath: folder + "/source")
    return try await body(folder + "/source", folder)
}

/// Rewrites a file of tensors, each changed by `body` (nil leaves it out), with `extra` tensors more.
func rewrite(
    _ path: String, extra: [(TensorDescription, [UInt8])] = [], _ body: (Tensor, [UInt8]) -> [UInt8]?
) throws {
    let old = try Safetensors(path: path)
    var tensors: [(TensorDescription, [UInt8])] = extra
    // Padding is the writer's own.
    let named = old.tensors.values.filter { !$0.name.hasPrefix("padding.") }
    for tensor in named.sorted(by: { $0.name < $1.name }) {
        guard let bytes = body(tensor, tensor.bytes(0..<tensor.count)) else { continue }
        tensors.append((TensorDescription(name: tensor.name, type: tensor.type, shape: tensor.shape), bytes))
    }
    let writer = try SafetensorsWriter(path: path + ".new", tensors: tensors.map(\.0))
    for (tensor, bytes) in tensors { try writer.write(bytes, to: tensor.name, at: 0) }
    try writer.finish()
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: path + ".new", toPath: path)
}

func contents(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

let program = builtProgram("makima-quantize")
