// Where T3's tensors are, in a folder of a checkpoint.

import FoundationEssentials
package import ModelFile

package enum T3Files {
    /// What T3's file is called in the checkpoints of Turbo and of Nano.
    package static let names = ["t3_turbo_v1.safetensors", "t3_nano_v1.safetensors"]

    /// T3's file in `directory`, which has one of the two.
    package static func path(_ directory: String) throws(ModelFileError) -> String {
        let paths = names.map { directory + "/" + $0 }.filter { FileManager.default.fileExists(atPath: $0) }
        guard let path = paths.first else {
            throw .unreadable(path: directory, reason: "it has neither \(names.joined(separator: " nor "))")
        }
        guard paths.count == 1 else {
            throw .unreadable(path: directory, reason: "it has both \(names.joined(separator: " and "))")
        }
        return path
    }

    /// The tensors of that file.
    package static func weights(_ directory: String) throws(ModelFileError) -> Weights {
        let path = try path(directory)
        return Weights(tensors: try Safetensors(path: path).tensors, path: path)
    }
}
