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
    }

    /// Latest use last.
    private var entries: [Entry] = []
    private let capacity: Int

    init(capacity: Int = 8) { self.capacity = capacity }

    mutating func find(_ key: Key, for prompt: Prompt) -> (any TalkerCache)? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = entries.remove(at: index)
        guard entry.rows == Self.front(of: prompt) else { return nil }
        entries.append(entry)
        return entry.cache
    }

    mutating func store(_ cache: any TalkerCache, _ key: Key, for prompt: Prompt) {
        entries.removeAll { $0.key == key }
        if entries.count == capacity { entries.removeFirst() }
        entries.append(Entry(key: key, rows: Self.front(of: prompt), cache: cache))
    }

    private static func front(of prompt: Prompt) -> [Float] { prompt.embeddings[0..<prompt.constant].values }
}
