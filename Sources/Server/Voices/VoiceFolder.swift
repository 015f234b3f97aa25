// What lies where a voice could be: a voice's folder, something that was meant to be one, or nothing of ours.

import FoundationEssentials
import Glibc
import Speech

struct VoiceFolder {
    static let clip = "reference.wav"
    static let metadata = "metadata.json"
    /// Endings of files that somebody may take for a voice.
    private static let sounds = [
        "wav", "mp3", "flac", "ogg", "oga", "opus", "m4a", "aac", "mp4", "webm", "aif", "aiff",
    ]

    let path: String
    private let id: String
    private let files: [String]

    /// nil when nothing there means to be a voice.
    init?(_ parent: String, _ name: String) throws(VoiceError) {
        path = "\(parent)/\(name)"
        id = name
        guard !name.hasPrefix(".") else { return nil }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        guard isFolder else {
            if Self.isSound(name) { throw .loose(file: path) }
            return nil
        }
        files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let meansVoice = files.contains(where: Self.isSound) || files.contains(Self.metadata)
        guard meansVoice else { return nil }
        guard VoiceID(name) != nil else { throw .misnamed(folder: path) }
    }

    var hasClip: Bool { files.contains(Self.clip) }

    private static func isSound(_ file: String) -> Bool {
        guard let dot = file.lastIndex(of: ".") else { return false }
        return sounds.contains(file[file.index(after: dot)...].lowercased())
    }

    /// Finds what a look at the files can find; whether the clip sounds, its reader says.
    func check() throws(VoiceError) {
        guard hasClip else {
            let other = files.sorted().first(where: Self.isSound)
            let advice = other.map { " There is \($0): makima voices add '\(path)/\($0)' makes a voice of it." } ?? ""
            throw .unreadable(id: id, file: Self.clip, reason: "it is missing.\(advice)")
        }
        var status = stat()
        guard unsafe stat("\(path)/\(Self.clip)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(id: id, file: Self.clip, reason: "it is no file, or may not be read.")
        }
        guard status.st_size > 0 else { throw .unreadable(id: id, file: Self.clip, reason: "it is empty.") }
        // No recording is as short as the text that stands for a file in Git.
        guard status.st_size < 400 else { return }
        let text = FileManager.default.contents(atPath: "\(path)/\(Self.clip)") ?? Data()
        guard !text.starts(with: Data("version https://git-lfs".utf8)) else {
            throw .unreadable(
                id: id, file: Self.clip, reason: "it is Git's pointer to the recording. Run git lfs pull to fetch it.")
        }
        throw .unreadable(id: id, file: Self.clip, reason: "it holds no sound.")
    }
}

// MARK: - Transcript

extension StoredVoice {
    /// What the clip says, from `transcript.txt`, else from `transcript.json`; nil when nobody wrote it down.
    package func transcript() throws(VoiceError) -> String? {
        for file in ["transcript.txt", "transcript.json"] {
            let path = folder + "/" + file
            guard FileManager.default.fileExists(atPath: path) else { continue }
            guard let data = FileManager.default.contents(atPath: path),
                let whole = String(validating: data, as: UTF8.self)?.withoutByteOrderMark
            else { throw .unreadable(id: metadata.id, file: file, reason: "it is not UTF-8 text.") }
            let text = file.hasSuffix(".json") ? try text(ofJSON: whole) : whole
            guard text.utf8.count <= VoiceStore.transcriptLimit else {
                throw .unreadable(id: metadata.id, file: file, reason: "it is longer than a clip can be.")
            }
            let trimmed = text.trimmingWhitespace()
            return trimmed.isEmpty ? nil : trimmed
        }
        return nil
    }

    private func text(ofJSON json: String) throws(VoiceError) -> String {
        guard json.utf8.count <= VoiceStore.metadataLimit,
            let transcript = try? JSONDecoder().decode(StructuredTranscript.self, from: Data(json.utf8))
        else {
            throw .unreadable(
                id: metadata.id, file: "transcript.json",
                reason: "it has to be {\"text\": \"…\"} or {\"segments\": [{\"text\": \"…\"}]}.")
        }
        return transcript.text
    }
}

/// The specification leaves the structure open: this is what recognizers write, and what a person would.
private struct StructuredTranscript: Decodable {
    let text: String

    private enum Key: String, CodingKey { case text, transcript, segments }

    init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer(), let text = try? value.decode(String.self) {
            self.text = text
            return
        }
        if let parts = try? decoder.singleValueContainer().decode([StructuredTranscript].self) {
            text = Self.join(parts)
            return
        }
        let fields = try decoder.container(keyedBy: Key.self)
        if let text = try fields.decodeIfPresent(String.self, forKey: .text)
            ?? fields.decodeIfPresent(String.self, forKey: .transcript)
        {
            self.text = text
        } else {
            text = Self.join(try fields.decode([StructuredTranscript].self, forKey: .segments))
        }
    }

    private static func join(_ parts: [StructuredTranscript]) -> String {
        parts.map { $0.text.trimmingWhitespace() }.joined(separator: " ")
    }
}
