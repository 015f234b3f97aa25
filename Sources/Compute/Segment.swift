// A batch of rows of several utterances.

/// What one utterance has in a step: its rows follow the positions in its cache.
package struct Segment {
    package let cache: KVCache
    package let count: Int

    package init(cache: KVCache, count: Int) {
        self.cache = cache
        self.count = count
    }
}
