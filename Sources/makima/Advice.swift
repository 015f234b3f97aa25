// What somebody meant who named a command that there is not, and what helps against a refusal.

import ArgumentParser
import Files
import Glibc

enum Advice {
    /// What people call a command elsewhere.
    private static let synonyms: [String: Set<String>] = [
        "say": ["speak", "talk", "tell", "read", "tts", "speech", "sing"],
        "serve": ["server", "start", "run", "daemon", "service", "listen"],
        "models": ["pull", "download", "fetch", "install"],
        "voices": ["clone", "add", "speaker", "speakers"],
        "doctor": ["check", "test", "diagnose", "status"],
        "discover": ["find", "search", "browse", "scan"],
        "words": ["spell", "normalize"],
        "render": ["cache", "prepare"],
    ]

    /// Why the first argument is no command; nil when it is one, or an option.
    static func onCommand(_ arguments: [String], among commands: [String]) -> String? {
        guard let word = arguments.first, !word.hasPrefix("-"), !(commands + ["help"]).contains(word) else {
            return nil
        }
        let known = "makima --help lists what there is."
        guard let meant = command(for: word, among: commands) else {
            return "There is no command \(word.prefix(80)). \(known)"
        }
        return "There is no command \(word.prefix(80)): did you mean makima \(meant)? \(known)"
    }

    private static func command(for word: String, among commands: [String]) -> String? {
        // A text where a command belongs.
        if word.contains(where: \.isWhitespace) { return "say" }
        let word = word.lowercased()
        if let meant = commands.first(where: { synonyms[$0]?.contains(word) ?? false }) { return meant }
        let nearest = commands.min { distance(word, $0) < distance(word, $1) }
        return nearest.flatMap { distance(word, $0) <= 2 ? $0 : nil }
    }

    /// Letters to change, add or leave out to make one word of the other.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.prefix(40))
        var row = Array(0...other.count)
        for (i, letter) in one.prefix(40).enumerated() {
            var corner = row[0]
            row[0] = i + 1
            for j in other.indices {
                let changed = corner + (letter == other[j] ? 0 : 1)
                corner = row[j + 1]
                row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[other.count]
    }

    /// Folders that belong to the appliance, and not to whoever uses the computer.
    private static let systemFolders = ["/var/lib/makima", "/var/cache/makima", "/etc/makima", "/usr/share/makima"]

    /// What helps when only root may do what was asked; nil when that is not the trouble.
    static func onRefusal(
        _ message: String, _ arguments: [String], isRoot: Bool = geteuid() == 0
    ) -> String? {
        let isRefusal = [EACCES, EPERM].contains { message.contains(systemMessage($0)) }
        guard !isRoot, isRefusal, systemFolders.contains(where: message.contains) else { return nil }
        let command = arguments.map { $0.allSatisfy(isPlain) && !$0.isEmpty ? $0 : "'\($0)'" }.joined(separator: " ")
        return "That belongs to the appliance, and only root may change it: sudo makima \(command)"
    }

    private static func isPlain(_ letter: Character) -> Bool {
        letter.isASCII && (letter.isLetter || letter.isNumber || "-_./=:,".contains(letter))
    }
}
