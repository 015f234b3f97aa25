// The voices that every door lists: those that are kept here, where the model can speak in them, and the model's own.

import Speech

/// A voice that somebody may ask for.
package struct OfferedVoice: Sendable, Equatable {
    package let id, name: String
    /// nil for a speaker of the model itself.
    package let stored: StoredVoice?
    /// Of those who name none.
    package let isDefault: Bool

    init(_ voice: StoredVoice, defaultVoice: String) {
        id = voice.metadata.id
        name = voice.metadata.name
        stored = voice
        isDefault = id == defaultVoice
    }

    fileprivate init(speaker: String, defaultVoice: String) {
        id = speaker.lowercased()
        name = speaker
        stored = nil
        isDefault = id == defaultVoice
    }
}

extension SpeechService {
    /// The default first.
    package var offeredVoices: [OfferedVoice] {
        let model = information
        let defaultVoice = defaultVoice
        let stored = model?.clones ?? true ? voices.store.list().voices : []
        let all =
            stored.map { OfferedVoice($0, defaultVoice: defaultVoice) }
            + (model?.speakers ?? []).map { OfferedVoice(speaker: $0, defaultVoice: defaultVoice) }
        return all.filter(\.isDefault) + all.filter { !$0.isDefault }
    }

    /// The one of that id or name, in any case; nil when there is none.
    func offeredVoice(named name: String) -> OfferedVoice? {
        guard let id = voice(named: name) else { return nil }
        return offeredVoices.first { $0.id == id }
    }
}
