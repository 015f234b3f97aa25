// Tensors below a key path: initializers of layers follow the checkpoint's names.

package struct Weights: Sendable {
    private let tensors: [String: Tensor]
    private let path: String
    private let prefix: String

    package init(tensors: [String: Tensor], path: String, prefix: String = "") {
        self.tensors = tensors
        self.path = path
        self.prefix = prefix
    }

    /// The tensors below `key`.
    package subscript(_ key: String) -> Weights {
        Weights(tensors: tensors, path: path, prefix: prefix + key + ".")
    }

    package subscript(_ index: Int) -> Weights { self[String(index)] }

    /// The key path of these tensors, without the last point: the name of the layer that they are.
    package var keyPath: String { String(prefix.dropLast()) }

    package func contains(_ name: String) -> Bool { tensors[prefix + name] != nil }

    package var names: [String] { tensors.keys.filter { $0.hasPrefix(prefix) }.sorted() }

    package func tensor(_ name: String, shape: [Int]? = nil) throws(ModelFileError) -> Tensor {
        guard let tensor = tensors[prefix + name] else { throw .missingTensor(name: prefix + name, path: path) }
        if let shape, shape != tensor.shape {
            throw .wrongShape(name: prefix + name, expected: shape, found: tensor.shape)
        }
        return tensor
    }

    /// A tensor widened to float32, for small parameters.
    package func floats(_ name: String, shape: [Int]? = nil) throws(ModelFileError) -> [Float] {
        try tensor(name, shape: shape).floats()
    }
}

extension Weights {
    /// For what every frame reads from end to end: asks the system to map the part of each file from the first of these
    /// tensors to the last one in large pages, where file system and kernel can (ext4 from Linux 6.16 on). Looking up
    /// addresses of small pages costs up to a tenth of the time it takes to read the weights (docs/performance.md).
    package func preferLargePages() {
        var extents: [String: (file: MappedFile, range: Range<Int>)] = [:]
        for name in names {
            guard let tensor = tensors[name] else { continue }
            let range = tensor.offset..<tensor.offset + tensor.byteCount
            let known = extents[tensor.path]?.range ?? range
            extents[tensor.path] = (
                tensor.file, min(known.lowerBound, range.lowerBound)..<max(known.upperBound, range.upperBound)
            )
        }
        for extent in extents.values { extent.file.preferLargePages(extent.range) }
    }
}
