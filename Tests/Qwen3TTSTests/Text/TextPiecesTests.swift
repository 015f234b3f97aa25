import Speech
import Testing
import Tokenization

@testable import Qwen3TTS

/// However the text arrives, the parts together are the text, and the tokens are those of the whole group.
@Test(arguments: [1, 2, 3, 7, 50])
func piecesOfTextGiveTheTokensOfTheWhole(size: Int) throws {
    let tokenizer = try Tokenizer(directory: TinyCheckpoint.directory())
    let text = "Mr. Smith isn't here today, 3.5 km away; he's waiting… \"Why?\" — 你好，世界。Schön wär's! OK"
    var queue = TextQueue("", isOpen: true)
    var (parts, ids): ([TextQueue.Part], [Int]) = ([], [])
    func drain() {
        while true {
            let part = parts.isEmpty ? queue.next(whole: false) : parts.last!.isLast ? nil : queue.more()
            guard let part else { return }
            parts.append(part)
            ids += tokenizer.encode(part.text)
            if part.isLast { return }
        }
    }
    var rest = text[...]
    while !rest.isEmpty {
        let piece = rest.prefix(size)
        rest = rest.dropFirst(size)
        queue.append(String(piece), isLast: rest.isEmpty)
        drain()
    }
    #expect(parts.map(\.text).joined() == text)
    #expect(parts.last?.isLast == true && parts.dropLast().allSatisfy { !$0.isLast })
    #expect(parts.map(\.characters).reduce(0, +) == text.count)
    #expect(ids == tokenizer.encode(text))
    #expect(size > 20 || parts.count > 3)
}
