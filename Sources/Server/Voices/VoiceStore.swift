// The voices on disk: one folder each, as the specification's §6.2.

import Crypto
package import Files
import FoundationEssentials
import Glibc
package import Logging
import Speech

package enum VoiceError: FileFailure, Sendable, Equatable, CustomStringConvertible {
    case badID(String)
    case notFound(String, known: [String])
    case exists(String)
    /// Another voice is shown under the name already.
    case nameTaken(String, by: String)
    case builtIn(String)
    case isDefault(String)
    case unreadable(id: String, file: String, reason: String)
    /// A folder whose name cannot be an id.
    case misnamed(folder: String)
    /// A recording that lies beside the folders of voices.
    case loose(file: String)
    case full(limit: Int)
    case unusableClip(ClipReport)
    case noConsent
    case badField(String, String)
    case cannotWrite(path: String, reason: String)

    /// A file could not be written.
    package init(_ error: FileError) { self = .cannotWrite(path: error.path, reason: error.reason) }

    package var description: String {
        switch self {
        case .badID(let id):
            "'\(id.prefix(80))' cannot name a voice: use small letters, digits and hyphens, at most 64."
        case .notFound(let id, let known):
            "There is no voice \(id.prefix(80)). There is: \(known.joined(separator: ", "))."
        case .exists(let id): "There is a voice \(id) already. Remove it first, or choose another name."
        case .nameTaken(let name, let id): "The voice \(id) is called \(name.prefix(80)) already. Choose another name."
        case .builtIn(let id): "The voice \(id) came with the program and cannot be changed or removed."
        case .isDefault(let id): "The voice \(id) is the default. Choose another default voice before removing it."
        case .unreadable(let id, let file, let reason): "The voice \(id) cannot be used: \(file): \(reason)"
        case .misnamed(let folder):
            "The folder '\(folder)' cannot be used: its name is no id of a voice. Rename it to \(VoiceID(naming: folder.split(separator: "/").last.map(String.init) ?? ""))."
        case .loose(let file):
            "The recording '\(file)' lies loose: a voice is a folder. Make one: makima voices add '\(file)' --name NAME --consent WHOSE"
        case .full(let limit):
            "There are \(limit) voices, as many as may be added. Remove one, or set voices-limit higher."
        case .unusableClip(let report): report.description
        case .noConsent:
            "Say that the person heard in the clip agreed: consent, with a sentence such as 'Recorded by myself'."
        case .badField(let field, let why): "\(field): \(why)"
        case .cannotWrite(let path, let reason): "Cannot write \(path): \(reason). Is the voices folder writable?"
        }
    }
}

extension VoiceError {
    /// What of a request was wrong, where it was one thing.
    package var field: String? {
        switch self {
        case .badID, .notFound, .exists: "id"
        case .nameTaken: "name"
        case .unusableClip: "audio"
        case .noConsent: "consent"
        case .badField(let field, _): field
        case .builtIn, .isDefault, .unreadable, .misnamed, .loose, .full, .cannotWrite: nil
        }
    }
}

/// A voice's folder and what is in it.
package struct StoredVoice: Sendable, Equatable {
    package var metadata: VoiceMetadata
    package var folder: String
    package var isBuiltIn: Bool

    package var clipPath: String { folder + "/" + VoiceFolder.clip }
    /// When its recording was made or changed: Unix time.
    package var createdAt: Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: clipPath)
        return Int((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
    }

    var metadataPath: String { folder + "/" + VoiceFolder.metadata }

    /// Seconds of a clip that are decoded: no engine takes a longer one.
    package static let longestClip = 60.0
}

/// Looks at the disk each time it is asked, so a folder dropped in is there at once and a removed one is gone.
package struct VoiceStore: Sendable {
    static let transcriptLimit = 2_000
    static let metadataLimit = 65_536

    /// Where voices are added.
    package let directory: String
    /// Voices that came with the program; those of `directory` hide them.
    package let builtIn: String?
    /// Voice of those who name none, as long as no other was chosen: an id, or a name in any case.
    let settingsVoice: String
    /// How many voices may be added.
    package let limit: Int

    package init(directory: String, builtIn: String?, defaultVoice: String, limit: Int = .max) {
        self.directory = directory
        self.builtIn = builtIn
        settingsVoice = defaultVoice
        self.limit = limit
    }

    /// All that can be read, the default first; `unusable` says why others cannot.
    package func list() -> (voices: [StoredVoice], unusable: [VoiceError]) {
        var (voices, unusable) = readAll()
        let defaultVoice = defaultVoice
        if let index = voices.firstIndex(where: { $0.metadata.id == defaultVoice }) {
            voices.insert(voices.remove(at: index), at: 0)
        }
        return (voices, unusable)
    }

    /// The same by their ids.
    func readAll() -> (voices: [StoredVoice], unusable: [VoiceError]) {
        var found: [String: StoredVoice] = [:]
        var unusable: [VoiceError] = []
        for (parent, isBuiltIn) in places {
            for name in Self.names(in: parent) where found[name] == nil {
                do throws(VoiceError) {
                    guard try VoiceFolder(parent, name)?.check() != nil else { continue }
                    found[name] = try read(name, in: parent, isBuiltIn: isBuiltIn)
                } catch {
                    unusable.append(error)
                }
            }
        }
        return (found.values.sorted { $0.metadata.id < $1.metadata.id }, unusable)
    }

    package func find(_ id: String) throws(VoiceError) -> StoredVoice {
        guard VoiceID(id) != nil else { throw .badID(id) }
        guard let voice = try stored(id) else { throw .notFound(id, known: list().voices.map(\.metadata.id)) }
        return voice
    }

    /// The voice of that id; nil when there is none.
    func stored(_ id: String) throws(VoiceError) -> StoredVoice? {
        guard VoiceID(id) != nil else { return nil }
        for (parent, isBuiltIn) in places {
            guard let folder = try VoiceFolder(parent, id), folder.hasClip else { continue }
            try folder.check()
            return try read(id, in: parent, isBuiltIn: isBuiltIn)
        }
        return nil
    }

    /// Says of each folder that is no voice why it is none.
    package func logUnusable(to logger: Logger) {
        for problem in list().unusable { logger.warning("voice not usable", metadata: ["error": "\(problem)"]) }
    }

    /// Of voices that were added, usable or not.
    var addedCount: Int {
        places.filter { !$0.isBuiltIn }.reduce(0) { count, place in
            count + Self.names(in: place.parent).count { (try? VoiceFolder(place.parent, $0))??.hasClip ?? false }
        }
    }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    package func contains(_ id: String) -> Bool { (try? stored(id)) != nil }

    /// The specification puts voices that users bring into a folder `custom` beside the others.
    private var places: [(parent: String, isBuiltIn: Bool)] {
        let own = [(directory, false), (directory + "/custom", false)]
        guard let builtIn, builtIn != directory else { return own }
        return own + [(builtIn, true), (builtIn + "/custom", true)]
    }

    private func read(_ name: String, in parent: String, isBuiltIn: Bool) throws(VoiceError) -> StoredVoice {
        let folder = "\(parent)/\(name)"
        let path = "\(folder)/\(VoiceFolder.metadata)"
        let data: Data
        if FileManager.default.fileExists(atPath: path) {
            guard let content = FileManager.default.contents(atPath: path), content.count <= Self.metadataLimit else {
                throw .unreadable(id: name, file: VoiceFolder.metadata, reason: "it cannot be read, or is too large.")
            }
            data = content.withoutByteOrderMark
        } else {
            data = Data("{}".utf8)
        }
        let decoder = JSONDecoder()
        decoder.userInfo[.voiceFolder] = name
        do {
            let metadata = try decoder.decode(VoiceMetadata.self, from: data)
            return StoredVoice(metadata: metadata, folder: folder, isBuiltIn: isBuiltIn)
        } catch let error as DecodingError {
            throw .unreadable(id: name, file: VoiceFolder.metadata, reason: error.sentence)
        } catch {
            throw .unreadable(id: name, file: VoiceFolder.metadata, reason: "\(error)")
        }
    }
}

extension Data {
    /// What editors of another system put in front of a text is no part of it.
    var withoutByteOrderMark: Data { starts(with: [0xef, 0xbb, 0xbf]) ? dropFirst(3) : self }
}

extension DecodingError {
    /// What is wrong and where, for a person.
    var sentence: String {
        func place(_ context: Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
        switch self {
        case .typeMismatch(let type, let context): return "\(place(context)) is not of type \(type)."
        case .valueNotFound(_, let context): return "\(place(context)) is missing."
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing."
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "it is not JSON." : "\(place(context)) has a value that is not allowed."
        @unknown default: return "it cannot be understood."
        }
    }
}
