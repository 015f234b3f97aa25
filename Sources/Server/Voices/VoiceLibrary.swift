// From a voice's name to what the model needs of it: prepared once, kept in memory and on disk.

import Audio
import Crypto
import Files
import FoundationEssentials
package import Speech

package actor VoiceLibrary {
    package nonisolated let store: VoiceStore
    private let cacheDirectory: String?
    private let capacity: Int
    private let measuresLoudness: Bool
    private var prepared: [Key: PreparedVoice] = [:]
    /// Least recently used first.
    private var order: [Key] = []
    private var inProgress: [Key: Task<PreparedVoice, any Error>] = [:]
    private var clips = ClipDigests()
    /// LUFS of the model's own speakers, by their names and the model; nil where they cannot be measured.
    private var speakers: [String: Task<Double?, Never>] = [:]

    /// A voice as it was when its files were looked at: another clip is another key.
    struct Key: Hashable {
        let id: String
        let digest: String
    }

    /// - Parameter measuresLoudness: whether voices are measured when they are prepared.
    package init(_ store: VoiceStore, cacheDirectory: String?, capacity: Int = 16, measuresLoudness: Bool = false) {
        precondition(capacity > 0)
        self.store = store
        self.cacheDirectory = cacheDirectory
        self.capacity = capacity
        self.measuresLoudness = measuresLoudness
    }

    /// The voice of that id or name for `synthesizer`: a stored voice, or one of the checkpoint's own.
    package func voice(_ name: String, for synthesizer: any Synthesizer) async throws(SpeakError) -> SpeechVoice {
        let model = synthesizer.information
        if let speaker = model.speakers.first(where: { $0.lowercased() == name.lowercased() }) {
            return .preset(speaker)
        }
        let stored = try find(named: name)
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
        let key = Key(
            id: stored.metadata.id, digest: try digest(of: stored, transcript: useTranscript, for: synthesizer))
        let voice = try await prepared(key, stored, transcript: useTranscript, synthesizer)
        return .cloned(id: "\(key.id)/\(key.digest)", voice)
    }

    /// How loud the model speaks in a voice of `voice(_:for:)`, in LUFS; nil when it is not measured.
    package func loudness(of voice: SpeechVoice, for synthesizer: any Synthesizer) async -> Double? {
        switch voice {
        case .cloned(id: _, let prepared): return prepared.loudness
        case .none: return nil
        case .preset(let name):
            guard measuresLoudness else { return nil }
            let key = "\(name) \(synthesizer.identity)"
            let task = speakers[key] ?? Task { await synthesizer.loudness(of: voice) }
            speakers[key] = task
            return await task.value
        }
    }

    private func find(named name: String) throws(SpeakError) -> StoredVoice {
        do { return try store.find(named: name) } catch {
            throw SpeakError(.voiceNotFound, error.description, field: "voice")
        }
    }

    /// Drops what was made of a voice that is gone.
    package func forget(_ id: String) {
        order.removeAll { $0.id == id }
        for key in prepared.keys where key.id == id { prepared[key] = nil }
        removeSaved(id) { _ in true }
    }

    /// Drops what was made of voices that were removed while nobody served.
    package func sweep() {
        for (file, id) in saved where !store.contains(id) || !file.hasSuffix(Self.suffix) { removeSaved(file) }
    }

    /// Voices that are ready to speak, the least recently used first.
    package var preparedIDs: [String] { order.map(\.id) }
}

extension VoiceLibrary {
    private func prepared(
        _ key: Key, _ stored: StoredVoice, transcript: String?, _ synthesizer: any Synthesizer
    ) async throws(SpeakError) -> PreparedVoice {
        if let voice = prepared[key], synthesizer.accepts(voice) {
            touch(key)
            return voice
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
    ) async throws -> PreparedVoice {
        var voice: PreparedVoice
        let saved = load(key).flatMap { synthesizer.accepts($0) ? $0 : nil }
        if let saved {
            voice = saved
        } else {
            let clip: AudioClip
            do throws(AudioError) {
                let read = try AudioFile.read(path: stored.clipPath, longest: StoredVoice.longestClip)
                clip = try resample(read, to: synthesizer.information.sampleRate)
            } catch {
                throw SpeakError(.voiceNotFound, error.description, field: "voice")
            }
            voice = try await synthesizer.prepare(clip.samples, transcript: transcript)
        }
        if measuresLoudness, voice.loudness == nil {
            voice.loudness = await synthesizer.loudness(of: .cloned(id: "\(key.id)/\(key.digest)", voice))
        }
        // It may have been removed meanwhile.
        if voice != saved, store.contains(key.id) { save(voice, key) }
        prepared[key] = voice
        touch(key)
        while order.count > capacity { prepared[order.removeFirst()] = nil }
        return voice
    }

    private func touch(_ key: Key) {
        order.removeAll { $0 == key }
        order.append(key)
    }

    /// A digest of everything a prepared voice depends on.
    private func digest(
        of stored: StoredVoice, transcript: String?, for synthesizer: any Synthesizer
    ) throws(SpeakError) -> String {
        guard let clip = clips.digest(of: stored.clipPath) else {
            throw SpeakError(
                .voiceNotFound, "The clip of the voice \(stored.metadata.id) cannot be read.", field: "voice")
        }
        var hash = SHA256()
        hash.update(data: Data("\(synthesizer.identity)\0\(transcript ?? "")\0".utf8))
        hash.update(data: Data(clip))
        return hexadecimal(hash.finalize().prefix(16))
    }
}

/// Digests of clips, each read once as long as its file stays what it is.
private struct ClipDigests {
    private var known: [String: (state: FileState, digest: SHA256.Digest)] = [:]
    /// Paths that are remembered before all are forgotten.
    private static let limit = 10_000

    /// nil when the file cannot be read.
    mutating func digest(of path: String) -> SHA256.Digest? {
        guard let state = FileState(path) else { return nil }
        if let entry = known[path], entry.state == state { return entry.digest }
        guard let digest = Self.read(path) else { return nil }
        if known.count >= Self.limit { known = [:] }
        known[path] = (state, digest)
        return digest
    }

    /// In pieces: nothing bounds the length of a file that somebody put into a folder.
    private static func read(_ path: String) -> SHA256.Digest? {
        var hash = SHA256()
        do { try FileSystem.read(path) { hash.update(data: $0) } } catch { return nil }
        return hash.finalize()
    }
}

// MARK: - On disk

extension VoiceLibrary {
    private func path(_ key: Key) -> String? { cacheDirectory.map { "\($0)/\(Self.file(key))" } }

    private static let suffix = ".voice"

    private static func file(_ key: Key) -> String { "\(key.id)-\(key.digest)\(suffix)" }

    /// Removes what is saved of a voice; a file that cannot be removed now is tried again with the next.
    private func removeSaved(_ id: String, where isUnwanted: (String) -> Bool) {
        for (file, owner) in saved where owner == id && isUnwanted(file) { removeSaved(file) }
    }

    private func removeSaved(_ file: String) {
        guard let cacheDirectory else { return }
        try? FileManager.default.removeItem(atPath: cacheDirectory + "/" + file)
    }

    /// The files of prepared voices, those of earlier versions as well, and whose they are.
    private var saved: [(file: String, id: String)] {
        guard let cacheDirectory else { return [] }
        let digest = 1 + 32  // a hyphen and 16 bytes in hexadecimal
        return ((try? FileManager.default.contentsOfDirectory(atPath: cacheDirectory)) ?? []).compactMap { file in
            let suffix = file.hasSuffix(Self.suffix) ? Self.suffix : ".json"
            guard file.hasSuffix(suffix), file.count > digest + suffix.count else { return nil }
            let id = String(file.dropLast(digest + suffix.count))
            return VoiceID(id).map { (file, $0.description) }
        }
    }

    /// A file that cannot be read is as good as none: the voice is made again.
    private func load(_ key: Key) -> PreparedVoice? {
        guard let data = path(key).flatMap({ FileManager.default.contents(atPath: $0) }),
            let newline = data.firstIndex(of: UInt8(ascii: "\n")),
            let line = String(validating: data[..<newline], as: UTF8.self)
        else { return nil }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        return PreparedVoice(
            engine: String(words[0]), bytes: Array(data[(newline + 1)...]),
            loudness: words.count > 1 ? Double(words[1]) : nil)
    }

    /// The engine's name and the voice's loudness in a line, then the engine's bytes. It only saves time at the next start, so
    /// a full or read-only disk is no failure.
    private func save(_ voice: PreparedVoice, _ key: Key) {
        guard let path = path(key) else { return }
        let line = voice.engine + (voice.loudness.map { " \($0)" } ?? "")
        try? FileSystem.write(Array("\(line)\n".utf8) + voice.bytes, to: path)
        // What was made of an earlier clip, or for another model.
        removeSaved(key.id) { $0 != Self.file(key) }
    }
}
