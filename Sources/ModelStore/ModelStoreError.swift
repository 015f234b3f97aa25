package import Files

/// What keeps a model from being found, fetched or removed: what happened, where, and what to do.
package enum ModelStoreError: FileFailure, Equatable, CustomStringConvertible {
    case invalidName(String, reason: String)
    case notFound(String, known: [String])
    case builtIn(String)
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    case busy(String)
    case notEnoughSpace(path: String, needed: Int, free: Int)
    case badProxy(variable: String, reason: String)
    case offline(host: String, reason: String)
    case refused(url: String, reason: String)
    case unavailable(url: String, reason: String)
    case notOnHub(String)
    case notAuthorized(String)
    case notSupported(String, reason: String)
    case corrupted(file: String, expected: String, found: String)
    case conversion(String)

    /// A file could not be written.
    package init(_ error: FileError) { self = .unwritable(path: error.path, reason: error.reason) }

    package var description: String {
        switch self {
        case .invalidName(let name, let reason):
            "\(quoted(name)) is not the name of a model: \(reason). Give a folder, or a Hugging Face id such as Qwen/Qwen3-TTS-12Hz-0.6B-Base."
        case .notFound(let name, let known):
            "There is no model \(quoted(name)) here. "
                + (known.isEmpty ? "No model is installed." : "Installed: \(known.joined(separator: ", ")).")
                + " makima models pull fetches one."
        case .builtIn(let name): "\(name) comes with makima and cannot be removed or pulled."
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
        case .busy(let name): "Another makima models pull of \(name) is running: wait for it to end."
        case .notEnoughSpace(let path, let needed, let free):
            "\(path) has \(sizeText(free)) free and \(sizeText(needed)) are needed: free some space, or choose another folder with --store."
        case .badProxy(let variable, let reason): "\(variable) names no proxy that can be used: \(reason)"
        case .offline(let host, let reason):
            "\(host) cannot be reached (\(reason)): check the network, or set HF_ENDPOINT to a mirror. What is installed keeps working."
        case .refused(let url, let reason): "\(url) was not followed: \(reason)"
        case .unavailable(let url, let reason):
            "\(url) did not deliver: \(reason). Run the same command again later: it goes on where it stopped."
        case .notOnHub(let name): "\(name) is not on the hub: check the name and the revision."
        case .notAuthorized(let name):
            "The hub does not give \(name) to you: accept its terms on its page, then set HF_TOKEN to a token of yours."
        case .notSupported(let name, let reason): "\(name) is not a model makima can run: \(reason)"
        case .corrupted(let file, let expected, let found):
            "\(file) arrived damaged twice (expected \(expected), found \(found)): the mirror may hold a bad copy."
        case .conversion(let reason): "The model was fetched but could not be converted: \(reason)"
        }
    }
}

/// Text of unknown origin, safe to print on one line.
func quoted(_ text: String) -> String {
    "\u{201C}" + text.unicodeScalars.prefix(120).map { $0.properties.isPrintable ? String($0) : "\u{FFFD}" }.joined()
        + "\u{201D}"
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

/// 1234567890 → "1.2 GB", as disks and downloads are sold.
package func sizeText(_ bytes: Int) -> String {
    var value = Double(bytes)
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 999.5 || unit == "GB" {
            let tenths = (value * 10).rounded() / 10
            return unit == "bytes" || value >= 100 ? "\(Int(value.rounded())) \(unit)" : "\(tenths) \(unit)"
        }
        value /= 1000
    }
    preconditionFailure("the last unit always answers")
}
