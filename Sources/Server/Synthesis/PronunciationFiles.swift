// The household's lists of pronunciations, as they lie on disk now.

import Files
import FoundationEssentials
package import Speech
import Synchronization

/// Reads its files again when one of them has changed. A file that is not there holds nothing.
package final class PronunciationFiles: Sendable {
    /// Bytes of a list.
    private static let sizeLimit = 8 << 20

    private struct Reading {
        var states: [FileState?] = []
        var list = Pronunciations.none
    }

    /// Those whose entries win come last.
    private let paths: [String]
    private let report: @Sendable (Pronunciations.Fault) -> Void
    private let reading = Mutex<Reading?>(nil)

    /// - Parameter report: told of each line and file that cannot be used, each time the files are read.
    package init(_ paths: [String], report: @escaping @Sendable (Pronunciations.Fault) -> Void = { _ in }) {
        self.paths = paths
        self.report = report
    }

    /// The entries of all files.
    package var current: Pronunciations {
        let states = paths.map { FileState($0) }
        return reading.withLock { reading in
            if let reading, reading.states == states { return reading.list }
            let list = read()
            reading = Reading(states: states, list: list)
            return list
        }
    }

    private func read() -> Pronunciations {
        var texts: [(path: String, text: String)] = []
        var faults: [Pronunciations.Fault] = []
        for path in paths {
            guard let state = FileState(path) else { continue }
            do throws(Unreadable) { texts.append((path, try Self.text(path, state))) } catch {
                faults.append(Pronunciations.Fault(path: path, reason: error.reason))
            }
        }
        let list = Pronunciations(texts)
        for fault in faults + list.faults { report(fault) }
        return list
    }

    private struct Unreadable: Error { let reason: String }

    private static func text(_ path: String, _ state: FileState) throws(Unreadable) -> String {
        guard state.size <= sizeLimit else { throw Unreadable(reason: "it has more than \(sizeLimit >> 20) MiB.") }
        guard !FileSystem.isFolder(path), let data = FileManager.default.contents(atPath: path) else {
            throw Unreadable(reason: "it cannot be read.")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Unreadable(reason: "it is no text in UTF-8.")
        }
        return text
    }
}
