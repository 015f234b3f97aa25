import FoundationEssentials

/// A voice on this computer: a folder with `reference.wav`, `transcript.txt` and `metadata.json`.
struct VoiceFolder {
    static let defaultID = "makima"

    let id: String
    let path: String

    /// Where voices are looked for, in this order: `TTS_VOICES_DIR`, the service's own, those that come with the program.
    static func directories(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String] {
        let chosen = environment["TTS_VOICES_DIR"].map { [$0] } ?? []
        return chosen + ["/var/lib/makima/voices"] + ModelLocations.builtInFolders("voices", inSource: "Voices")
    }

    static func find(_ id: String) throws -> VoiceFolder {
        let directories = directories()
        let isName =
            !id.isEmpty
            && id.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
            }
        for directory in directories where isName && holdsVoice(directory + "/" + id) {
            return VoiceFolder(id: id, path: directory + "/" + id)
        }
        let known = known
        throw Failure(
            known.isEmpty
                ? "There is no voice \(id), nor any other in \(directories.joined(separator: ", ")). Give --reference clip.wav."
                : "There is no voice \(id). There are: \(known.joined(separator: ", ")).")
    }

    /// What the clip says, where the voice is cloned by it; nil for a voice by its sound alone.
    func transcript() throws -> String? {
        struct Metadata: Decodable { let mode: String? }
        let metadata = path + "/metadata.json"
        guard FileManager.default.fileExists(atPath: metadata) else { return nil }
        do {
            let data = try Data(contentsOf: URL(filePath: metadata))
            guard try JSONDecoder().decode(Metadata.self, from: data).mode == "icl" else { return nil }
        } catch {
            throw Failure("\(metadata) is no valid description of a voice: \(error)")
        }
        do {
            return try String(contentsOfFile: path + "/transcript.txt", encoding: .utf8)
        } catch {
            throw Failure("\(path)/transcript.txt cannot be read; the voice \(id) needs it, since its mode is icl.")
        }
    }

    /// Names of all voices.
    static var known: [String] { Set(directories().flatMap(voices)).sorted() }

    private static func voices(in directory: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { holdsVoice(directory + "/" + $0) }
    }

    private static func holdsVoice(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/reference.wav")
    }
}
