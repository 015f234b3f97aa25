package import Files

/// What is wrong with a model's files, with what a person needs to act.
package enum ModelFileError: FileFailure, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case malformed(path: String, offset: Int, reason: String)
    case missingTensor(name: String, path: String)
    case wrongShape(name: String, expected: [Int], found: [Int])
    case wrongType(name: String, expected: String, found: String)
    case notFinite(name: String)
    case unusable(name: String, reason: String)
    case unwritable(path: String, reason: String)

    /// A file could not be written.
    package init(_ error: FileError) { self = .unwritable(path: error.path, reason: error.reason) }

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .malformed(let path, let offset, let reason):
            "\(path) is not a valid safetensors file (byte \(offset)): \(reason)"
        case .missingTensor(let name, let path): "\(path) has no tensor \(name)"
        case .wrongShape(let name, let expected, let found):
            "tensor \(name) has shape \(found) where \(expected) is expected"
        case .wrongType(let name, let expected, let found):
            "tensor \(name) holds \(found) where \(expected) is expected"
        case .notFinite(let name):
            "tensor \(name) holds an infinity or a NaN: the file is damaged, fetch or make it again"
        case .unusable(let name, let reason): "tensor \(name) cannot be used: \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        }
    }
}
