// The models on this computer.
//
//     STORE/Qwen/Qwen3-TTS-12Hz-0.6B-Base/
//         int8 -> snapshots/int8-5d83992436ea   one link per format, replaced in one step by a pull
//         default -> int8                       what the plain name means: the format pulled last
//         snapshots/int8-5d83992436ea/          the checkpoint's files, makima.json, SHA256SUMS
//         download/5d83992436ea…/               what a pull has fetched so far; goes when it ends

import Files
import FoundationEssentials

package struct ModelStore: Sendable {
    /// Where pulls go.
    package let directory: String
    /// Other stores to look in, after `directory`.
    package let alsoIn: [String]
    /// Folders that hold models by plain name and are never written: `makima-mini` lies in one.
    package let builtIn: [String]

    package init(directory: String, alsoIn: [String] = [], builtIn: [String] = []) {
        self.directory = directory
        self.alsoIn = alsoIn.filter { $0 != directory }
        self.builtIn = builtIn
    }

    package struct Installed: Sendable, Equatable {
        package let name: String
        package let format: String
        /// Commit of the hub's repository; nil for a built-in model.
        package let commit: String?
        package let path: String
        package let bytes: Int
        package let isDefault: Bool
        package let isBuiltIn: Bool
        /// What to expect of a built-in model.
        package var summary: String?
    }

    /// The folder of the model `text` names: a folder, a model of the store, or a built-in one.
    ///
    /// A folder wins over a name, as in the field's other tools, so that `Models/makima-mini` means what it says.
    package func resolve(_ text: String) throws(ModelStoreError) -> String {
        if Self.holdsModel(text) || Self.holdsWeights(text) { return text }
        if FileSystem.isFolder(text) {
            throw .notSupported(text, reason: "the folder has neither a config.json nor .safetensors")
        }
        if text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") || text.hasPrefix("~") {
            throw .unreadable(path: text, reason: "there is no such folder")
        }
        if !text.contains("/"), ModelName.isComponent(text),
            let root = builtIn.first(where: { Self.holdsModel($0 + "/" + text) })
        {
            return root + "/" + text
        }
        guard text.contains("/") else { throw .notFound(text, known: names()) }
        let name = try ModelName(text)
        for store in [directory] + alsoIn {
            let path = Self.folder(of: name, in: store) + "/" + (name.format ?? "default")
            if Self.holdsModel(path) { return path }
        }
        throw .notFound(text, known: names())
    }

    /// Bytes that can still be written where pulls go.
    package var freeSpace: Int? { FileSystem.freeSpace(at: directory) }

    /// Everything installed: pulled models first, then the built-in ones.
    package func list() -> [Installed] {
        ([directory] + alsoIn).flatMap(Self.pulled) + builtIn.flatMap(Self.shipped)
    }

    /// Removes one format, or every format of a model when `text` names none.
    /// - Returns: the names removed.
    package func remove(_ text: String) throws(ModelStoreError) -> [String] {
        guard text.contains("/") else {
            let isBuiltIn = list().contains { $0.isBuiltIn && $0.name == text }
            throw isBuiltIn ? .builtIn(text) : .notFound(text, known: names())
        }
        let name = try ModelName(text)
        let found = Self.pulled(in: directory).filter {
            $0.name == name.id && (name.format == nil || $0.format == name.format)
        }
        guard !found.isEmpty else { throw .notFound(text, known: names()) }
        let folder = Self.folder(of: name, in: directory)
        guard let lock = try StoreFiles.lock(folder + "/.lock") else { throw .busy(name.id) }
        for model in found { try removeFormat(model.format, from: folder) }
        if Self.pulled(in: directory).allSatisfy({ $0.name != name.id }) { try StoreFiles.removeTree(folder) }
        _ = consume lock
        return found.map { $0.name + ":" + $0.format }
    }

    private func removeFormat(_ format: String, from folder: String) throws(ModelStoreError) {
        let snapshot = StoreFiles.linkTarget(folder + "/" + format)
        let wasDefault = StoreFiles.linkTarget(folder + "/default") == format
        try StoreFiles.removeTree(folder + "/" + format)
        if let snapshot, snapshot.hasPrefix("snapshots/") { try StoreFiles.removeTree(folder + "/" + snapshot) }
        guard wasDefault else { return }
        try StoreFiles.removeTree(folder + "/default")
        if let other = Self.formats(in: folder).first { try StoreFiles.link(folder + "/default", to: other) }
    }

    private func names() -> [String] {
        list().map { $0.isBuiltIn ? $0.name : $0.name + ":" + $0.format }
    }

    // MARK: Layout

    static func folder(of name: ModelName, in store: String) -> String {
        store + "/" + name.organisation + "/" + name.name
    }

    package static func holdsModel(_ path: String) -> Bool {
        ReleasedFamily.all.flatMap(\.marks).contains { StoreFiles.exists(path + "/" + $0) }
    }

    /// Some models are weights alone.
    private static func holdsWeights(_ path: String) -> Bool {
        StoreFiles.names(in: path).contains { $0.hasSuffix(".safetensors") }
    }

    static func formats(in folder: String) -> [String] {
        StoreFiles.names(in: folder).filter {
            $0 != "default" && ModelName.isFormat($0) && holdsModel(folder + "/" + $0)
        }
        .filter { StoreFiles.linkTarget(folder + "/" + $0) != nil }
    }

    private static func pulled(in store: String) -> [Installed] {
        var models: [Installed] = []
        for organisation in StoreFiles.names(in: store) where ModelName.isComponent(organisation) {
            for name in StoreFiles.names(in: store + "/" + organisation) where ModelName.isComponent(name) {
                let folder = store + "/" + organisation + "/" + name
                let standard = StoreFiles.linkTarget(folder + "/default")
                for format in formats(in: folder) {
                    let path = folder + "/" + format
                    models.append(
                        Installed(
                            name: organisation + "/" + name, format: format, commit: ModelRecord.read(in: path)?.commit,
                            path: path, bytes: bytes(of: path), isDefault: format == standard, isBuiltIn: false))
                }
            }
        }
        return models
    }

    private static func shipped(in root: String) -> [Installed] {
        StoreFiles.names(in: root).filter { ModelName.isComponent($0) && holdsModel(root + "/" + $0) }.map { name in
            let path = root + "/" + name
            let note = BuiltInNote.read(in: path)
            return Installed(
                name: name, format: note?.format ?? "as released", commit: nil, path: path, bytes: bytes(of: path),
                isDefault: true, isBuiltIn: true, summary: note?.summary)
        }
    }

    private static func bytes(of path: String) -> Int {
        StoreFiles.tree(path).reduce(0) { $0 + (StoreFiles.size(path + "/" + $1) ?? 0) }
    }
}

/// `about.json` in a built-in model.
private struct BuiltInNote: Decodable {
    let format: String
    let summary: String

    static func read(in directory: String) -> BuiltInNote? {
        StoreFiles.read(directory + "/about.json").flatMap { try? JSONDecoder().decode(BuiltInNote.self, from: $0) }
    }
}

/// `makima.json` in a pulled model: where it came from.
package struct ModelRecord: Codable, Equatable, Sendable {
    package var id: String
    package var commit: String
    package var format: String
    package var endpoint: String

    static let fileName = "makima.json"

    package static func read(in directory: String) -> ModelRecord? {
        StoreFiles.read(directory + "/" + fileName).flatMap { try? JSONDecoder().decode(ModelRecord.self, from: $0) }
    }

    func write(in directory: String) throws(ModelStoreError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("four strings can be written as JSON") }
        try StoreFiles.write(String(decoding: data, as: UTF8.self) + "\n", to: directory + "/" + Self.fileName)
    }
}
