// From a name on the hub to a model ready to run: fetch, convert, check, switch.

import Files
import FoundationEssentials

package struct ModelPull {
    /// Turns the released checkpoint in `source` into what `destination` shall hold; tells `progress` the fraction done.
    package typealias Conversion =
        (_ source: String, _ destination: String, _ progress: @escaping (Double) -> Void) async throws -> Void

    package var name: ModelName
    package var revision = "main"
    /// How the pulled model is called in the store, as in `int8`.
    package var format: String
    /// nil keeps the checkpoint as released.
    package var conversion: Conversion?
    /// Size of what the conversion writes, as a share of what is fetched; for the check of disk space.
    package var expectedShare = 1.0

    package init(name: ModelName, format: String, conversion: Conversion? = nil) {
        self.name = name
        self.format = format
        self.conversion = conversion
    }

    /// Disk space to leave to others.
    static let reserve = 64 << 20

    /// - Returns: the folder of the model, and whether anything had to be done.
    package func run(into store: ModelStore, from hub: HubConfiguration, progress: @escaping PullProgress)
        async throws(ModelStoreError) -> (path: String, isNew: Bool)
    {
        let transport = HubTransport(hub)
        do throws(ModelStoreError) {
            let result = try await run(into: store, HubClient(transport: transport), progress)
            await transport.shutDown()
            return result
        } catch {
            await transport.shutDown()
            throw error
        }
    }

    private func run(into store: ModelStore, _ hub: HubClient, _ progress: @escaping PullProgress)
        async throws(ModelStoreError) -> (path: String, isNew: Bool)
    {
        let folder = ModelStore.folder(of: name, in: store.directory)
        let model = try await hub.model(name.id, revision: revision, progress: progress)
        try StoreFiles.makeDirectory(folder + "/snapshots")
        guard let lock = try StoreFiles.lock(folder + "/.lock") else { throw .busy(name.id) }
        let snapshot = "snapshots/\(format)-\(model.commit.prefix(12))"
        let isNew = !ModelStore.holdsModel(folder + "/" + snapshot)
        if isNew {
            let source = try await fetch(model, to: folder, hub, progress)
            try await place(source, as: folder + "/" + snapshot, model, hub, progress)
        }
        try adopt(snapshot, in: folder)
        _ = consume lock
        return (folder + "/" + format, isNew)
    }

    // MARK: Fetching

    /// The released checkpoint: one already in the store, or fetched now.
    private func fetch(_ model: HubModel, to folder: String, _ hub: HubClient, _ progress: @escaping PullProgress)
        async throws(ModelStoreError) -> String
    {
        let released = folder + "/snapshots/released-\(model.commit.prefix(12))"
        if ModelStore.holdsModel(released) { return released }
        let directory = folder + "/download/" + model.commit
        try checkSpace(for: model, in: directory)
        progress(.found(files: model.files.count, bytes: model.bytes))
        var before = 0
        for file in model.files {
            try await hub.download(file, of: model, to: directory, progress: progress) { arrived in
                progress(.downloading(file: file.path, done: before + arrived, total: model.bytes))
            }
            before += file.size
            // A configuration comes first: a model of another kind is refused before its gigabytes are fetched.
            guard let type = model.family.modelType, model.family.marks.contains(file.path) else { continue }
            do throws(ModelStoreError) { try Self.check(type, directory + "/" + file.path, name.id) } catch {
                try StoreFiles.removeTree(folder + "/download")
                throw error
            }
        }
        return directory
    }

    private func checkSpace(for model: HubModel, in directory: String) throws(ModelStoreError) {
        guard let free = FileSystem.freeSpace(at: directory) else { return }
        let here = StoreFiles.tree(directory).reduce(0) { $0 + (StoreFiles.size(directory + "/" + $1) ?? 0) }
        let converted = conversion == nil ? 0 : Int(Double(model.bytes) * expectedShare)
        let needed = max(0, model.bytes - here) + converted + Self.reserve
        guard needed <= free else { throw .notEnoughSpace(path: directory, needed: needed, free: free) }
    }

    private static func check(_ type: String, _ path: String, _ name: String) throws(ModelStoreError) {
        struct Kind: Decodable { let model_type: String? }
        let kind = StoreFiles.read(path).flatMap { try? JSONDecoder().decode(Kind.self, from: $0) }
        guard kind?.model_type == type else {
            let found = kind?.model_type.map { quoted($0) } ?? "nothing"
            throw .notSupported(name, reason: "its config.json gives the model type \(found), not \(quoted(type))")
        }
    }

    // MARK: Placing

    /// Converts or moves `source` to `snapshot`, which appears in one step, complete.
    private func place(
        _ source: String, as snapshot: String, _ model: HubModel, _ hub: HubClient, _ progress: @escaping PullProgress
    ) async throws(ModelStoreError) {
        let incoming = snapshot + ".incoming"
        try StoreFiles.removeTree(incoming)
        if let conversion {
            do {
                try await conversion(source, incoming) { [format] in
                    progress(.converting(format: format, fraction: $0))
                }
            } catch {
                try StoreFiles.removeTree(incoming)
                throw .conversion("\(error)")
            }
        } else {
            try StoreFiles.rename(source, to: incoming)
        }
        progress(.checking)
        let record = ModelRecord(
            id: model.id, commit: model.commit, format: format, endpoint: hub.transport.configuration.endpoint)
        try record.write(in: incoming)
        try Checksums.write(in: incoming)
        for file in StoreFiles.tree(incoming) { try StoreFiles.sync(incoming + "/" + file) }
        try StoreFiles.rename(incoming, to: snapshot)
        try StoreFiles.sync(String(snapshot[..<snapshot.lastIndex(of: "/")!]))
    }

    /// Points the format and the plain name at the snapshot, then lets go of what they pointed at before.
    private func adopt(_ snapshot: String, in folder: String) throws(ModelStoreError) {
        let previous = StoreFiles.linkTarget(folder + "/" + format)
        try StoreFiles.link(folder + "/" + format, to: snapshot)
        try StoreFiles.link(folder + "/default", to: format)
        try StoreFiles.sync(folder)
        if let previous, previous != snapshot, previous.hasPrefix("snapshots/") {
            try StoreFiles.removeTree(folder + "/" + previous)
        }
        try StoreFiles.removeTree(folder + "/download")
    }
}
