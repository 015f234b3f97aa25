/// What is wrong with a checkpoint's configuration, naming file and field.
package enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case invalid(path: String, field: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .invalid(let path, let field, let reason): "\(path): \(field) \(reason)"
        }
    }
}
