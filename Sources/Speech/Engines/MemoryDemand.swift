// What a model needs of memory, told before it is loaded.

/// Bytes of memory a model needs to speak without waiting for the disk.
package struct MemoryDemand: Sendable, Equatable {
    /// What every frame reads, weights as they lie in memory, mapped or converted, and what it is computed in.
    package var model: Int
    /// What an utterance keeps while it is spoken.
    package var utterance: Int

    package init(model: Int, utterance: Int) {
        self.model = model
        self.utterance = utterance
    }

    /// Of an engine without a model.
    package static let none = MemoryDemand(model: 0, utterance: 0)
}
