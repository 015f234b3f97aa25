// Adding and removing voices, each in one step: a folder is there whole, or not at all.

package import Audio
import Files
import FoundationEssentials
import Glibc
import JSONText
import Speech

/// What somebody says about a voice they add.
package struct VoiceProposal: Sendable {
    package var name: String
    /// nil makes one from the name.
    package var id: String?
    package var language: String
    package var description: String
    /// What the clip says; empty when nobody wrote it down.
    package var transcript: String
    /// Who agreed to the use of their voice.
    package var consent: String

    package init(
        name: String, id: String? = nil, language: String = "auto", description: String = "", transcript: String = "",
        consent: String = ""
    ) {
        self.name = name
        self.id = id
        self.language = language
        self.description = description
        self.transcript = transcript
        self.consent = consent
    }
}

extension VoiceStore {
    /// Names of folders that are not voices: being written, or being removed.
    private static let asidePrefix = ".aside-"

    /// Makes a voice of a recording that is good enough; the report says what could be better.
    package func add(_ clip: AudioClip, _ proposal: VoiceProposal) throws -> (StoredVoice, ClipReport) {
        try proposal.check()
        let report = ClipReport(clip)
        guard report.isUsable else { throw VoiceError.unusableClip(report) }
        guard addedCount < limit else { throw VoiceError.full(limit: limit) }
        let id = try freeID(for: proposal)
        let aside = "\(directory)/\(Self.asidePrefix)\(UUID().uuidString)"
        try VoiceError.mapping { () throws(FileError) in try FileSystem.makeFolder(aside) }
        defer { try? FileManager.default.removeItem(atPath: aside) }
        try write(clip, proposal, id: id, to: aside)
        do throws(FileError) {
            try FileSystem.rename(aside, to: "\(directory)/\(id)")
            try FileSystem.synchronize(directory)
        } catch {
            // Somebody else took the name meanwhile.
            throw [ENOTEMPTY, EEXIST].contains(error.code) ? .exists(id.description) : VoiceError(error)
        }
        return (try find(id.description), report)
    }

    package func remove(_ id: String) throws(VoiceError) {
        let voice = try find(id)
        guard !voice.isBuiltIn else { throw .builtIn(id) }
        guard id != defaultVoice else { throw .isDefault(id) }
        let aside = "\(directory)/\(Self.asidePrefix)\(UUID().uuidString)"
        do { try FileSystem.rename(voice.folder, to: aside) } catch {
            throw .cannotWrite(path: voice.folder, reason: error.reason)
        }
        try? FileManager.default.removeItem(atPath: aside)
    }

    /// Changes the name under which a voice is shown. The id stays, and with it whoever speaks in the voice.
    package func rename(_ id: String, to name: String) throws(VoiceError) {
        let voice = try find(id)
        guard !voice.isBuiltIn else { throw .builtIn(id) }
        let name = try VoiceProposal.checked(name: name)
        try check(isFree: name, for: id)
        let path = voice.metadataPath
        // A folder made by hand may say more about its voice than we know.
        let old = FileManager.default.contents(atPath: path) ?? Data("{}".utf8)
        guard var metadata = try? JSONDecoder().decode([String: JSONValue].self, from: old.withoutByteOrderMark) else {
            throw .unreadable(id: id, file: VoiceFolder.metadata, reason: "it is no JSON object.")
        }
        metadata["name"] = .text(name)
        try Self.write(metadata: metadata, to: path)
    }

    /// Removes what a killed program left half done. Called once at start.
    package func sweep() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        where name.hasPrefix(Self.asidePrefix) {
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }

    private func freeID(for proposal: VoiceProposal) throws(VoiceError) -> VoiceID {
        if let wanted = proposal.id {
            guard let id = VoiceID(wanted) else { throw .badID(wanted) }
            guard !contains(wanted) else { throw .exists(wanted) }
            return id
        }
        let base = VoiceID(naming: proposal.name)
        if !contains(base.description) { return base }
        for number in 2...999 {
            if let id = VoiceID("\(base)-\(number)"), !contains(id.description) { return id }
        }
        throw .exists(base.description)
    }

    private func write(_ clip: AudioClip, _ proposal: VoiceProposal, id: VoiceID, to folder: String) throws {
        let clipPath = folder + "/reference.wav"
        var writer = try AudioFileWriter(path: clipPath, sampleRate: clip.sampleRate)
        try writer.write(clip.samples)
        try writer.finish()
        let transcript = proposal.transcript.trimmingWhitespace()
        if !transcript.isEmpty { try Self.write(Array((transcript + "\n").utf8), to: folder + "/transcript.txt") }
        let metadata = VoiceMetadata(
            id: id, name: proposal.name.trimmingWhitespace(), language: proposal.language.lowercased(),
            description: proposal.description, mode: transcript.isEmpty ? .speakerOnly : .inContext,
            consent: proposal.consent.trimmingWhitespace())
        try Self.write(metadata: metadata, to: "\(folder)/\(VoiceFolder.metadata)")
    }

    private static func write(metadata: some Encodable, to path: String) throws(VoiceError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(metadata) else { preconditionFailure("metadata cannot be encoded") }
        try write(Array(data), to: path)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(VoiceError) {
        try VoiceError.mapping { () throws(FileError) in try FileSystem.write(bytes, to: path) }
    }
}

extension VoiceProposal {
    /// A name as it is kept: without white space around it, and without what hides or turns the words beside it.
    fileprivate static func checked(name: String) throws(VoiceError) -> String {
        let name = name.trimmingWhitespace()
        guard (1...100).contains(name.unicodeScalars.count) else {
            throw .badField("name", "a voice needs a name of 1 to 100 characters.")
        }
        guard name.unicodeScalars.allSatisfy(\.mayStandInName) else {
            throw .badField("name", "it has a character that cannot be shown, such as a line break.")
        }
        return name
    }

    fileprivate func check() throws(VoiceError) {
        _ = try Self.checked(name: name)
        guard transcript.utf8.count <= VoiceStore.transcriptLimit else {
            throw .badField(
                "transcript", "it is longer than \(VoiceStore.transcriptLimit) bytes; 30 seconds of speech are shorter."
            )
        }
        guard description.count <= 1000, consent.count <= 1000, language.count <= 40 else {
            throw .badField(
                "description", "description, consent and language have limits of 1000, 1000 and 40 characters.")
        }
        // A box that was not ticked is no consent.
        let refusals = ["", "false", "no", "0", "off"]
        guard !refusals.contains(consent.trimmingWhitespace().lowercased()) else { throw .noConsent }
    }
}

extension Unicode.Scalar {
    /// No line break, no control character, and nothing that turns the direction of what follows.
    fileprivate var mayStandInName: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: !(0x202A...0x202E).contains(value) && !(0x2066...0x2069).contains(value)
        }
    }
}
