/// Where a user's own files lie, by the XDG base directory specification.
enum BaseDirectory {
    case config, data, cache

    /// nil where neither the variable nor the home folder is known.
    func known(_ environment: [String: String]) -> String? {
        if let named = environment[variable], named.hasPrefix("/") { return named }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + usual }
    }

    /// Below the root where nothing else is known.
    func path(_ environment: [String: String]) -> String { known(environment) ?? usual }

    private var variable: String {
        switch self {
        case .config: "XDG_CONFIG_HOME"
        case .data: "XDG_DATA_HOME"
        case .cache: "XDG_CACHE_HOME"
        }
    }

    /// In the home folder.
    private var usual: String {
        switch self {
        case .config: "/.config"
        case .data: "/.local/share"
        case .cache: "/.cache"
        }
    }
}
