import FoundationEssentials
import Glibc
import ModelStore

/// Where models lie: the appliance's store, the user's own, and those that come with the program.
enum ModelLocations {
    /// The service's store, and that of an administrator who pulls for it.
    static let system = "/var/lib/makima/models"
    static let builtInModel = "makima-mini"

    /// - Parameter directory: the store that `--store` names.
    static func store(
        _ directory: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> ModelStore {
        let own = own(environment)
        let preferred = directory ?? environment["TTS_MODELS_DIR"] ?? (isWritable(system) ? system : own)
        return ModelStore(directory: preferred, alsoIn: [own, system], builtIn: builtIn)
    }

    /// The folder of the model that `--model` names, else `TTS_MODEL_ID`, else the built-in one.
    static func resolve(
        _ name: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ModelStoreError) -> String {
        try store(environment: environment).resolve(name ?? environment["TTS_MODEL_ID"] ?? builtInModel)
    }

    /// By the XDG base directory specification.
    private static func own(_ environment: [String: String]) -> String {
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (data ?? (environment["HOME"] ?? "") + "/.local/share") + "/makima/models"
    }

    /// `share/makima/models` of the installation this program belongs to, or `Models` of the source tree it was built in.
    private static var builtIn: [String] {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return []
        }
        var roots: [String] = []
        var folder = program
        while let slash = folder.lastIndex(of: "/") {
            folder = String(folder[..<slash])
            roots += [folder + "/share/makima/models", folder + "/Models"]
        }
        return roots.filter { ModelStore.holdsModel($0 + "/" + builtInModel) }
    }

    private static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}
