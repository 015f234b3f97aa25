// Voices as people name them: "Makima" where the folder is `makima`.

import Speech

extension VoiceStore {
    /// The voice that a request means, by its id or the name it is shown under, in any case. An empty name is the default voice.
    package func find(named name: String) throws(VoiceError) -> StoredVoice {
        let name = name.trimmingWhitespace()
        guard !name.isEmpty else { return try find(defaultVoice) }
        do { return try find(name) } catch {
            switch error {
            case .badID, .notFound: break
            default: throw error
            }
            let wanted = name.lowercased()
            let voices = list().voices
            let match =
                voices.first { $0.metadata.id == wanted } ?? voices.first { $0.metadata.name.lowercased() == wanted }
            guard let match else { throw error }
            return match
        }
    }
}
