// The messages of one session of /v1/realtime, and which of them are to be spoken.

package struct RealtimeItem: Equatable, Sendable {
    enum Role: String, Sendable, CaseIterable { case user, assistant, system }
    enum Status: String, Sendable { case inProgress = "in_progress", completed, incomplete }

    struct Part: Equatable, Sendable {
        enum Kind: String, Sendable, CaseIterable {
            case inputText = "input_text"
            case outputText = "output_text"
            case outputAudio = "output_audio"
        }
        var kind: Kind
        /// Of sound, what is said in it.
        var text: String
    }

    /// Empty until it is in a conversation.
    var id: String
    var role: Role
    var status = Status.completed
    var parts: [Part]
    /// Of a message that was spoken: what had been said when.
    var sound: SpokenProgress?

    var text: String { parts.map(\.text).joined(separator: "\n") }
}

/// How far a text had been said by which time of its sound.
struct SpokenProgress: Equatable, Sendable {
    /// Sound so far.
    private(set) var length = Duration.zero
    /// The end of the sound by which so many Unicode scalars had been taken up; one entry where that number changes.
    private var marks: [Mark] = []

    private struct Mark: Equatable, Sendable {
        var end: Duration
        var characters: Int
    }

    mutating func add(_ more: Duration, characters: Int) {
        length += more
        if marks.last?.characters == characters {
            marks[marks.count - 1].end = length
        } else {
            marks.append(Mark(end: length, characters: characters))
        }
    }

    /// Forgets what comes after `end`.
    /// - Returns: how many Unicode scalars had been taken up by then.
    mutating func cut(to end: Duration) -> Int {
        length = min(length, end)
        // The one that is being heard at that time is the first that ends after it.
        let index = marks.partitionPoint { $0.end < end }
        marks.removeSubrange(min(index + 1, marks.count)...)
        return end == .zero ? 0 : marks.last?.characters ?? 0
    }
}

struct RealtimeConversation: Sendable {
    /// Messages that are kept: the oldest are forgotten.
    static let itemLimit = 128
    /// Messages that may wait to be spoken.
    static let waitingLimit = 64
    /// Of all that is kept, in texts as long as may be.
    private static let keptTexts = 4

    private(set) var items: [RealtimeItem] = []
    /// Unicode scalars that a text may have.
    private let textLimit: Int
    private var nextNumber = 1

    init(textLimit: Int) { self.textLimit = textLimit }

    subscript(id: String) -> RealtimeItem? { items.first { $0.id == id } }

    /// A message that is kept has become this.
    mutating func update(_ item: RealtimeItem) {
        guard let index = items.firstIndex(where: { $0.id == item.id }) else { return }
        items[index] = item
    }

    /// The id of the message before this one.
    func predecessor(of id: String) -> String? {
        guard let index = items.firstIndex(where: { $0.id == id }), index > 0 else { return nil }
        return items[index - 1].id
    }

    /// Adds a message: after another one, at the beginning after `root`, else at the end.
    /// - Returns: its id.
    mutating func add(_ item: RealtimeItem, after previous: String? = nil) throws(RealtimeError) -> String {
        var item = item
        if item.id.isEmpty { item.id = freeID() }
        guard self[item.id] == nil else {
            throw RealtimeError("item_exists", "There is an item \(item.id) already.", param: "item.id")
        }
        let index = try place(after: previous)
        var changed = items
        changed.insert(item, at: index)
        let waiting = Self.waiting(changed)
        if waiting.contains(where: { $0.id == item.id }) { try check(waiting) }
        items = changed
        forgetOldest()
        return item.id
    }

    /// Adds a message of ours at the end.
    /// - Returns: its id.
    mutating func append(_ item: RealtimeItem) -> String {
        var item = item
        item.id = freeID()
        items.append(item)
        forgetOldest()
        return item.id
    }

    mutating func remove(_ id: String) throws(RealtimeError) {
        guard let index = items.firstIndex(where: { $0.id == id }) else { throw .noItem(id, param: "item_id") }
        items.remove(at: index)
    }

    private func place(after previous: String?) throws(RealtimeError) -> Int {
        guard let previous else { return items.endIndex }
        if previous == "root" { return items.startIndex }
        guard let index = items.firstIndex(where: { $0.id == previous }) else {
            throw .noItem(previous, param: "previous_item_id")
        }
        return index + 1
    }

    /// An id that no message has.
    mutating func freeID() -> String {
        while true {
            let id = "item_\(nextNumber)"
            nextNumber += 1
            if self[id] == nil { return id }
        }
    }

    private func check(_ waiting: ArraySlice<RealtimeItem>) throws(RealtimeError) {
        // With what is put between them.
        let length = waiting.reduce(-1) { $0 + $1.text.unicodeScalars.count + 1 }
        guard waiting.count <= Self.waitingLimit, length <= textLimit else {
            throw RealtimeError(
                "conversation_full",
                "\(waiting.count) messages with \(length) characters would wait to be spoken; \(Self.waitingLimit) "
                    + "with \(textLimit) may. Send response.create first.", param: "item")
        }
    }

    private mutating func forgetOldest() {
        var length = items.reduce(0) { $0 + $1.text.unicodeScalars.count }
        while items.count > Self.itemLimit || length > Self.keptTexts * textLimit {
            length -= items.removeFirst().text.unicodeScalars.count
        }
    }
}

// MARK: - What is spoken

extension RealtimeConversation {
    /// What nobody has answered: all after the last message of the assistant.
    private static func waiting(_ items: [RealtimeItem]) -> ArraySlice<RealtimeItem> {
        let last = items.lastIndex { $0.role == .assistant }
        return items[(last.map { $0 + 1 } ?? items.startIndex)...]
    }

    /// What a response speaks of messages: those of the user after the last one of the assistant, word for word.
    static func spokenText(of items: [RealtimeItem]) -> String {
        waiting(items).filter { $0.role == .user }.map(\.text).joined(separator: "\n")
    }
}
