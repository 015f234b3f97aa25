// Voices as people name them: "Makima" where the folder is `makima`; and the voice of those who name none.

import Files
import FoundationEssentials
import Speech

extension VoiceStore {
    /// The voice that a request means, by its id or the name it is shown under, in any case. An empty name is the default voice.
    package func find(named name: String) throws(VoiceError) -> StoredVoice {
        let name = name.trimmingWhitespace()
        let wanted = name.isEmpty ? defaultVoice : name
        if let voice = try match(wanted) { return voice }
        return try find(wanted)
    }

    /// nil when there is none of that id or name.
    private func match(_ name: String) throws(VoiceError) -> StoredVoice? {
        if let voice = try stored(name) { return voice }
        let wanted = name.lowercased()
        let voices = readAll().voices
        return voices.first { $0.metadata.id == wanted } ?? voices.first { $0.metadata.name.lowercased() == wanted }
    }

    /// Whether the name under which a voice is to be shown would mean another one.
    func check(isFree name: String, for id: String) throws(VoiceError) {
        let wanted = name.lowercased()
        let other = readAll().voices.first {
            $0.metadata.id != id && ($0.metadata.id == wanted || $0.metadata.name.lowercased() == wanted)
        }
        if let other { throw .nameTaken(name, by: other.metadata.id) }
    }

    // MARK: - The default voice

    /// Holds the id of the voice that was chosen, in a line.
    private var choicePath: String { directory + "/default-voice" }

    private static let choiceLimit = 200  // bytes

    /// What was chosen for those who name no voice, whether or not it is still there; nil when nothing was.
    package var chosenVoice: String? {
        guard let data = FileManager.default.contents(atPath: choicePath), data.count <= Self.choiceLimit,
            let name = String(validating: data, as: UTF8.self)?.trimmingWhitespace(), !name.isEmpty
        else { return nil }
        return name
    }

    /// The id of the voice of those who name none: the one that was chosen as long as it is there, else that of the settings.
    package var defaultVoice: String {
        for name in [chosenVoice, settingsVoice] {
            if let name, let voice = try? match(name) { return voice.metadata.id }
        }
        return settingsVoice
    }

    /// Makes a voice that of those who name none, until another one is chosen.
    package func choose(_ id: String) throws(VoiceError) {
        try VoiceError.mapping { () throws(FileError) in try FileSystem.write(Array("\(id)\n".utf8), to: choicePath) }
    }
}
