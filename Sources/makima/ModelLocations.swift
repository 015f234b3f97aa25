import Files
import FoundationEssentials
import Invocation
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
        let preferred = directory ?? environment["MAKIMA_MODELS_DIR"] ?? (isWritable(system) ? system : own)
        return ModelStore(directory: preferred, alsoIn: [own, system], builtIn: builtIn)
    }

    /// The model that `--model` names, else `TTS_MODEL_ID`, else the built-in one.
    static func name(_ name: String?, environment: [String: String]) -> String {
        name ?? environment["TTS_MODEL_ID"] ?? builtInModel
    }

    /// The folder of that model.
    static func resolve(
        _ name: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ModelStoreError) -> String {
        try store(environment: environment).resolve(self.name(name, environment: environment))
    }

    private static func own(_ environment: [String: String]) -> String {
        BaseDirectory.data.path(environment) + "/makima/models"
    }

    private static var builtIn: [String] {
        builtInFolders("models", inSource: "Models").filter { ModelStore.holdsModel($0 + "/" + builtInModel) }
    }

    /// `share/makima/NAME` of the installation this program belongs to, or a folder of the source tree it was built in:
    /// whichever exist.
    static func builtInFolders(_ name: String, inSource source: String) -> [String] {
        let folders = Program.path.map(FileSystem.folders(above:)) ?? []
        return folders.flatMap { [$0 + "/share/makima/" + name, $0 + "/" + source] }
            .filter { FileManager.default.fileExists(atPath: $0) }
    }

    private static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}
