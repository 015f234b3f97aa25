// Keys and values of the constant front of prompts, one for each voice and language: with it the first sound costs one row
// of prompt instead of all.

import Compute

struct PrefixCache {
    /// What the front of a prompt is made of.
    struct Key: Equatable {
        let voice: String
        let language: Int?
        let instruction: String?
        let isStreaming: Bool
    }

    private struct Entry {
        let key: Key
        let rows: [Float]  // the front of the prompt, so that a voice that changed under the same id is noticed
        let cache: any TalkerCache
        var bytes: Int { cache.byteCount + 4 * rows.count }
    }

    /// Latest use last.
    private var entries: [Entry] = []
    /// Bytes that the entries may hold together.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Bytes that the entries hold together.
    var byteCount: Int { entries.reduce(0) { $0 + $1.bytes } }

    mutating func find(_ key: Key, for prompt: Prompt) -> (any TalkerCache)? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        guard entry.rows == Self.front(of: prompt) else { return nil }
        entries.append(entry)
        return entry.cache
    }

    mutating func store(_ cache: any TalkerCache, _ key: Key, for prompt: Prompt) {
        entries.removeAll { $0.key == key }
        let entry = Entry(key: key, rows: Self.front(of: prompt), cache: cache)
        guard entry.bytes <= limit else { return }
        while byteCount + entry.bytes > limit { entries.removeFirst() }
        entries.append(entry)
    }

    /// Gives the memory back: the next utterance of each voice reads its prompt again.
    mutating func removeAll() { entries = [] }

    private static func front(of prompt: Prompt) -> [Float] { prompt.embeddings[0..<prompt.constant].values }
}
