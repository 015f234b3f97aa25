// From a voice's name to what the model needs of it: prepared once, kept in memory and on disk.

import Audio
import Crypto
import Files
import FoundationEssentials
import Glibc
package import Speech

package actor VoiceLibrary {
    package nonisolated let store: VoiceStore
    /// Distinguishes the prompts of one model from those of another.
    private let modelIdentity: String
    private let cacheDirectory: String?
    private let capacity: Int
    private var prepared: [Key: VoicePrompt] = [:]
    /// Least recently used first.
    private var order: [Key] = []
    private var inProgress: [Key: Task<VoicePrompt, any Error>] = [:]

    /// A voice as it was when its files were looked at: another clip is another key.
    struct Key: Hashable {
        let id: String
        let digest: String
    }

    package init(_ store: VoiceStore, modelIdentity: String, cacheDirectory: String?, capacity: Int = 16) {
        precondition(capacity > 0)
        self.store = store
        self.modelIdentity = modelIdentity
        self.cacheDirectory = cacheDirectory
        self.capacity = capacity
    }

    /// The voice `id` for `synthesizer`: a stored voice, or one of the checkpoint's own.
    package func voice(_ id: String, for synthesizer: any Synthesizer) async throws(SpeakError) -> SpeechVoice {
        let model = synthesizer.information
        if let speaker = model.speakers.first(where: { $0.lowercased() == id.lowercased() }) { return .preset(speaker) }
        let stored = try find(id)
        guard model.clones else {
            throw SpeakError(
                .voiceNotFound, "This model speaks in its own voices only: \(model.speakers.joined(separator: ", ")).",
                field: "voice")
        }
        let transcript: String?
        do { transcript = try stored.transcript() } catch {
            throw SpeakError(.voiceNotFound, error.description, field: "voice")
        }
        let useTranscript = stored.metadata.mode == .inContext ? transcript : nil
        let key = Key(id: id, digest: try digest(of: stored, transcript: useTranscript))
        let prompt = try await prompt(key, stored, transcript: useTranscript, synthesizer)
        return .cloned(id: "\(key.id)/\(key.digest)", prompt)
    }

    package nonisolated func find(_ id: String) throws(SpeakError) -> StoredVoice {
        do { return try store.find(id) } catch { throw SpeakError(.voiceNotFound, error.description, field: "voice") }
    }

    /// Drops what was made of a voice that is gone.
    package func forget(_ id: String) {
        order.removeAll { $0.id == id }
        for key in prepared.keys where key.id == id { prepared[key] = nil }
        removeSaved(id) { _ in true }
    }

    /// Drops what was made of voices that were removed while nobody served.
    package func sweep() {
        for (file, id) in saved where !store.contains(id) { removeSaved(file) }
    }

    /// Voices that are ready to speak, the least recently used first.
    package var preparedIDs: [String] { order.map(\.id) }
}

extension VoiceLibrary {
    private func prompt(
        _ key: Key, _ stored: StoredVoice, transcript: String?, _ synthesizer: any Synthesizer
    ) async throws(SpeakError) -> VoicePrompt {
        if let prompt = prepared[key] {
            touch(key)
            return prompt
        }
        // Whoever asks second waits for the first one's work.
        let task = inProgress[key] ?? Task { try await self.prepare(key, stored, transcript: transcript, synthesizer) }
        inProgress[key] = task
        defer { inProgress[key] = nil }
        do { return try await task.value } catch let error as SpeakError { throw error } catch {
            throw SpeakError(.synthesisError, "The voice \(key.id) could not be prepared: \(error)")
        }
    }

    private func prepare(
        _ key: Key, _ stored: StoredVoice, transcript: String?, _ synthesizer: any Synthesizer
    ) async throws -> VoicePrompt {
        let prompt: VoicePrompt
        if let saved = load(key) {
            prompt = saved
        } else {
            let clip: AudioClip
            do throws(AudioError) {
                clip = try resample(AudioFile.read(path: stored.clipPath), to: synthesizer.information.sampleRate)
            } catch {
                throw SpeakError(.voiceNotFound, error.description, field: "voice")
            }
            prompt = try await synthesizer.prepare(clip.samples, transcript: transcript)
            // It may have been removed meanwhile.
            if store.contains(key.id) { save(prompt, key) }
        }
        prepared[key] = prompt
        touch(key)
        while order.count > capacity { prepared[order.removeFirst()] = nil }
        return prompt
    }

    private func touch(_ key: Key) {
        order.removeAll { $0 == key }
        order.append(key)
    }

    /// Of everything the prompt depends on.
    private func digest(of stored: StoredVoice, transcript: String?) throws(SpeakError) -> String {
        guard let clip = FileManager.default.contents(atPath: stored.clipPath) else {
            throw SpeakError(
                .voiceNotFound, "The clip of the voice \(stored.metadata.id) cannot be read.", field: "voice")
        }
        var hash = SHA256()
        hash.update(data: Data("\(modelIdentity)\0\(transcript ?? "")\0".utf8))
        hash.update(data: clip)
        return hash.finalize().prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

// MARK: - On disk

extension VoiceLibrary {
    private struct StoredPrompt: Codable {
        var speaker: [Float]
        var codes: [[Int]]
        var transcript: String
    }

    private func path(_ key: Key) -> String? { cacheDirectory.map { "\($0)/\(Self.file(key))" } }

    private static func file(_ key: Key) -> String { "\(key.id)-\(key.digest).json" }

    /// Removes the prompts of a voice; a file that cannot be removed now is tried again with the next.
    private func removeSaved(_ id: String, where isUnwanted: (String) -> Bool) {
        for (file, owner) in saved where owner == id && isUnwanted(file) { removeSaved(file) }
    }

    private func removeSaved(_ file: String) {
        guard let cacheDirectory else { return }
        try? FileManager.default.removeItem(atPath: cacheDirectory + "/" + file)
    }

    /// The files of prompts, and whose they are.
    private var saved: [(file: String, id: String)] {
        guard let cacheDirectory else { return [] }
        let tail = Self.file(Key(id: "", digest: String(repeating: "0", count: 32))).count
        return ((try? FileManager.default.contentsOfDirectory(atPath: cacheDirectory)) ?? []).compactMap { file in
            guard file.hasSuffix(".json"), file.count > tail, VoiceID(String(file.dropLast(tail))) != nil else {
                return nil
            }
            return (file, String(file.dropLast(tail)))
        }
    }

    /// A file that cannot be read is as good as none: the prompt is made again.
    private func load(_ key: Key) -> VoicePrompt? {
        guard let data = path(key).flatMap({ FileManager.default.contents(atPath: $0) }),
            let stored = try? JSONDecoder().decode(StoredPrompt.self, from: data)
        else { return nil }
        return VoicePrompt(speaker: stored.speaker, codes: stored.codes, transcript: stored.transcript)
    }

    /// Only saves time at the next start, so a full or read-only disk is no failure.
    private func save(_ prompt: VoicePrompt, _ key: Key) {
        guard let path = path(key) else { return }
        let stored = StoredPrompt(speaker: prompt.speaker, codes: prompt.codes, transcript: prompt.transcript)
        guard let data = try? JSONEncoder().encode(stored) else { return }
        try? FileSystem.write(Array(data), to: path)
        // Of an earlier clip, or for another model.
        removeSaved(key.id) { $0 != Self.file(key) }
    }
}
