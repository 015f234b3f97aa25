// Finished sound of what was said before, kept on disk: a household repeats itself.

import Audio
import Crypto
import Files
import FoundationEssentials
package import Speech
import Synchronization

/// A folder of FLAC files, one for each phrase, named by all that its sound depends on. Beyond its limit those go that were said
/// longest ago. Nothing is written but when something was said.
package final class RenderedPhrases: Sendable {
    private static let suffix = ".flac"

    private let folder: String
    /// Bytes of all files together.
    private let limit: Int
    /// Changes of the folder, one at a time.
    private let changes = Mutex(())

    package init(folder: String, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// What a phrase is kept by. An open text has none: nobody knows it before it is said.
    package static func key(of request: SpeechRequest, identity: String, sampleRate: Int) -> String? {
        guard !request.isOpen else { return nil }
        var hash = SHA256()
        func add(_ text: String) { hash.update(data: Data("\(text.utf8.count) \(text)".utf8)) }
        add("\(identity) \(sampleRate) \(request.gain) \(request.trimsSilence)")
        hash.update(request.voice)
        add(request.language.lowercased())
        add(request.instruction.map { "instruction \($0)" } ?? "")
        let options = request.options
        add("\(options.seed.map(String.init) ?? "any") \(String(describing: options.temperature))")
        add("\(String(describing: options.topK)) \(String(describing: options.topP))")
        add("\(String(describing: options.repetitionPenalty)) \(String(describing: options.maximumFrames))")
        add(request.text)
        return hexadecimal(hash.finalize().prefix(20))
    }

    /// Samples of a phrase that was said before; nil when it was not, or is not kept any more.
    func sound(_ key: String, sampleRate: Int) -> [Float]? {
        let path = path(key)
        guard FileSystem.exists(path) else { return nil }
        guard let clip = try? AudioFile.read(path: path), clip.sampleRate == sampleRate else {
            _ = changes.withLock { _ in try? FileManager.default.removeItem(atPath: path) }
            return nil
        }
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
        return clip.samples
    }

    /// Keeps a phrase, whole, and makes room for it.
    func keep(_ samples: [Float], _ key: String, sampleRate: Int) throws {
        try changes.withLock { _ in
            try FileSystem.makeFolder(folder)
            var file = try AudioFileWriter(path: path(key), sampleRate: sampleRate, format: .flac)
            try file.write(samples)
            try file.finish()
            makeRoom()
        }
    }

    func path(_ key: String) -> String { "\(folder)/\(key)\(Self.suffix)" }

    var files: [(path: String, bytes: Int, saidAt: Date)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.compactMap { name in
            let path = "\(folder)/\(name)"
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
            let bytes = attributes[.size] as? UInt64 ?? 0
            return (path, Int(bytes), attributes[.modificationDate] as? Date ?? .distantPast)
        }
    }

    private func makeRoom() {
        var files = files.sorted { $0.saidAt < $1.saidAt }[...]
        var bytes = files.reduce(0) { $0 + $1.bytes }
        while bytes > limit, let oldest = files.popFirst() {
            try? FileManager.default.removeItem(atPath: oldest.path)
            bytes -= oldest.bytes
        }
    }
}

/// Listens to an utterance on its way to its door, and keeps it when it was said to its end.
final class PhraseRecorder: Sendable {
    private let samples = Mutex<[Float]?>([])
    /// Longer sound is no phrase: it is forgotten.
    private let limit: Int
    private let keep: @Sendable ([Float]) -> Void

    init(sampleRate: Int, keep: @escaping @Sendable ([Float]) -> Void) {
        limit = Int(AudioFile.longest) * sampleRate
        self.keep = keep
    }

    func take(_ event: SpokenEvent) {
        switch event {
        case .frame(let frame, characters: _):
            samples.withLock { samples in
                if let count = samples?.count, count + frame.count > limit { samples = nil }
                samples?.append(contentsOf: frame)
            }
        case .ended(.endOfSpeech, _):
            let all = samples.withLock { samples in
                defer { samples = nil }
                return samples
            }
            if let all, !all.isEmpty { keep(all) }
        case .ended, .failed: samples.withLock { $0 = nil }
        case .sentence, .starved, .buffering: break
        }
    }
}

/// What stands in for the scheduler behind sound that is there already.
final class RenderedSpeech: SpeechControl {
    func wake() {}
    func textCame(for ticket: SpeechTicket) {}

    /// The whole of it at once, in pieces as a model makes them. `characters`: of the door's text, taken up evenly.
    static func stream(
        _ samples: [Float], of text: TextInlet, characters: Int, model: ModelInformation
    ) -> (SpeechStream, SpeechSummary) {
        let (events, continuation) = AsyncStream.makeStream(of: SpokenEvent.self, bufferingPolicy: .unbounded)
        let ticket = SpeechTicket(continuation, sampleRate: model.sampleRate)
        var summary = SpeechSummary()
        summary.firstAudio = .zero
        var onset = SoundOnset(sampleRate: model.sampleRate)
        for start in stride(from: 0, to: samples.count, by: model.samplesPerFrame) {
            let frame = Array(samples[start..<min(start + model.samplesPerFrame, samples.count)])
            let heard = start + frame.count
            if summary.firstSound == nil, let first = onset.take(frame) {
                summary.firstSound = .seconds(1) * (start + first) / model.sampleRate
            }
            summary.frames += 1
            ticket.send(.frame(frame, characters: characters * heard / samples.count))
        }
        summary.audio = .seconds(1) * samples.count / model.sampleRate
        ticket.send(.ended(.endOfSpeech, summary))
        continuation.finish()
        let stream = SpeechStream(
            sampleRate: model.sampleRate, ticket: ticket, events: events, text: text, control: RenderedSpeech())
        return (stream, summary)
    }
}
