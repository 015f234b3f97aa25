// The voices on disk: one folder each, as the specification's §6.2.

import Crypto
package import Files
import FoundationEssentials
import Glibc
import Logging
import Speech

package enum VoiceError: FileFailure, Sendable, Equatable, CustomStringConvertible {
    case badID(String)
    case notFound(String, known: [String])
    case exists(String)
    case builtIn(String)
    case isDefault(String)
    case unreadable(id: String, file: String, reason: String)
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
        case .builtIn(let id): "The voice \(id) came with the program and cannot be removed."
        case .isDefault(let id): "The voice \(id) is the default. Choose another default voice before removing it."
        case .unreadable(let id, let file, let reason): "The voice \(id) cannot be used: \(file): \(reason)"
        case .unusableClip(let report): report.description
        case .noConsent:
            "Say that the person heard in the clip agreed: consent, with a sentence such as 'Recorded by myself'."
        case .badField(let field, let why): "\(field): \(why)"
        case .cannotWrite(let path, let reason): "Cannot write \(path): \(reason). Is the voices folder writable?"
        }
    }
}

/// A voice's folder and what is in it.
package struct StoredVoice: Sendable, Equatable {
    package var metadata: VoiceMetadata
    package var folder: String
    package var isBuiltIn: Bool

    package var clipPath: String { folder + "/reference.wav" }
    package var transcriptPath: String { folder + "/transcript.txt" }

    /// What the clip says; nil when nobody wrote it down.
    package func transcript() throws(VoiceError) -> String? {
        guard FileManager.default.fileExists(atPath: transcriptPath) else { return nil }
        let text = (FileManager.default.contents(atPath: transcriptPath)).flatMap {
            String(validating: $0, as: UTF8.self)
        }
        guard let text else {
            throw .unreadable(id: metadata.id, file: "transcript.txt", reason: "it is not UTF-8 text.")
        }
        guard text.utf8.count <= VoiceStore.transcriptLimit else {
            throw .unreadable(id: metadata.id, file: "transcript.txt", reason: "it is longer than a clip can be.")
        }
        let trimmed = text.trimmingWhitespace()
        return trimmed.isEmpty ? nil : trimmed
    }
}

/// Looks at the disk each time it is asked, so a folder dropped in is there at once and a removed one is gone.
package struct VoiceStore: Sendable {
    static let transcriptLimit = 2_000
    static let metadataLimit = 65_536

    /// Where voices are added.
    package let directory: String
    /// Voices that came with the program; those of `directory` hide them.
    package let builtIn: String?
    package let defaultVoice: String

    package init(directory: String, builtIn: String?, defaultVoice: String) {
        self.directory = directory
        self.builtIn = builtIn
        self.defaultVoice = defaultVoice
    }

    /// All that can be read, the default first; `unusable` says why others cannot.
    package func list() -> (voices: [StoredVoice], unusable: [VoiceError]) {
        var found: [String: StoredVoice] = [:]
        var unusable: [VoiceError] = []
        for (parent, isBuiltIn) in places {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where found[name] == nil {
                guard VoiceID(name) != nil, FileManager.default.fileExists(atPath: "\(parent)/\(name)/reference.wav")
                else { continue }
                do throws(VoiceError) {
                    found[name] = try read(name, in: parent, isBuiltIn: isBuiltIn)
                } catch {
                    unusable.append(error)
                }
            }
        }
        let sorted = found.values.sorted {
            let isDefault = ($0.metadata.id == defaultVoice, $1.metadata.id == defaultVoice)
            return isDefault.0 != isDefault.1 ? isDefault.0 : $0.metadata.id < $1.metadata.id
        }
        return (sorted, unusable)
    }

    package func find(_ id: String) throws(VoiceError) -> StoredVoice {
        guard VoiceID(id) != nil else { throw .badID(id) }
        for (parent, isBuiltIn) in places
        where FileManager.default.fileExists(atPath: "\(parent)/\(id)/reference.wav") {
            return try read(id, in: parent, isBuiltIn: isBuiltIn)
        }
        throw .notFound(id, known: list().voices.map(\.metadata.id))
    }

    package func contains(_ id: String) -> Bool { (try? find(id)) != nil }

    private var places: [(String, isBuiltIn: Bool)] {
        guard let builtIn, builtIn != directory else { return [(directory, false)] }
        return [(directory, false), (builtIn, true)]
    }

    private func read(_ name: String, in parent: String, isBuiltIn: Bool) throws(VoiceError) -> StoredVoice {
        let folder = "\(parent)/\(name)"
        let path = folder + "/metadata.json"
        let data: Data
        if FileManager.default.fileExists(atPath: path) {
            guard let content = FileManager.default.contents(atPath: path), content.count <= Self.metadataLimit else {
                throw .unreadable(id: name, file: "metadata.json", reason: "it cannot be read, or is too large.")
            }
            data = content
        } else {
            data = Data("{}".utf8)
        }
        let decoder = JSONDecoder()
        decoder.userInfo[.voiceFolder] = name
        do {
            let metadata = try decoder.decode(VoiceMetadata.self, from: data)
            return StoredVoice(metadata: metadata, folder: folder, isBuiltIn: isBuiltIn)
        } catch let error as DecodingError {
            throw .unreadable(id: name, file: "metadata.json", reason: error.sentence)
        } catch {
            throw .unreadable(id: name, file: "metadata.json", reason: "\(error)")
        }
    }
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
