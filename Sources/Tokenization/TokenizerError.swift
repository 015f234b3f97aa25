/// Why a text vocabulary could not be loaded: which file, and what is wrong with it.
package enum TokenizerError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case malformed(file: String, what: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .malformed(let file, let what): "\(file) is not usable: \(what)"
        }
    }
}
