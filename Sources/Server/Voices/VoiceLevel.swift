// How loud a voice speaks where no server keeps it: measured the first time, and kept in the user's cache.

import Audio
import Crypto
import Files
import FoundationEssentials
package import Speech

package struct VoiceLevel {
    /// A folder with a file for each voice that was measured.
    private let folder: String
    private let isCancelled: () -> Bool

    package init(folder: String, isCancelled: @escaping () -> Bool = { false }) {
        self.folder = folder
        self.isCancelled = isCancelled
    }

    /// LUFS of a voice of a model; nil when it cannot be measured, or not be kept: it would be measured before every text.
    package func loudness(of voice: SpeechVoice, speaking engine: some SpeechEngine, identity: String) -> Double? {
        if case .cloned(id: _, let prepared) = voice, let known = prepared.loudness { return known }
        let file = folder + "/" + Self.name(of: voice, identity)
        if let kept = FileManager.default.contents(atPath: file) {
            return Double(String(decoding: kept, as: UTF8.self))
        }
        guard (try? FileSystem.makeFolder(folder)) != nil else { return nil }
        let loudness = measure(voice, engine)
        guard !isCancelled(), (try? FileSystem.write(Array((loudness?.description ?? "none").utf8), to: file)) != nil
        else { return nil }
        return loudness
    }

    /// The same model and the same voice have the same name.
    private static func name(of voice: SpeechVoice, _ identity: String) -> String {
        var hash = SHA256()
        hash.update(data: Data("\(identity)\0".utf8))
        hash.update(voice)
        return hexadecimal(hash.finalize().prefix(16))
    }

    private func measure<Engine: SpeechEngine>(_ voice: SpeechVoice, _ engine: Engine) -> Double? {
        let request = LoudnessSample.request(voice, of: engine.information)
        guard let utterance = try? engine.begin(request) else { return nil }
        var meter = LoudnessMeter(sampleRate: engine.information.sampleRate)
        while true {
            switch engine.advance([utterance], isCancelled: { _ in isCancelled() })[0] {
            case .frame(let samples, characters: _): meter.add(samples)
            case .working: break
            case .ended(.endOfSpeech): return meter.integrated
            case .ended, .failed, .starved: return nil
            }
        }
    }
}

extension SHA256 {
    /// Takes up what tells a voice from others.
    mutating func update(_ voice: SpeechVoice) {
        switch voice {
        case .cloned(id: _, let prepared): update(data: Data("\(prepared.engine)\0".utf8) + prepared.bytes)
        case .preset(let speaker): update(data: Data("speaker \(speaker)".utf8))
        case .none: break
        }
    }
}
