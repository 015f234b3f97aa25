// How long both models speak freely, how often, and what.

package struct RolloutOptions: Sendable, Equatable {
    /// Of speech, at most.
    package var seconds: Int
    /// Rollouts of each model, with seeds from 1 on. The spread of the source's is what the quantized model is held against.
    package var count: Int

    package static let longest = 600
    package static let counts = 3...32

    package init(seconds: Int = 60, count: Int = 6) {
        precondition((1...Self.longest).contains(seconds) && Self.counts.contains(count))
        self.seconds = seconds
        self.count = count
    }

    /// Sentences for about the time, which most voices have said before it is over.
    package var text: String {
        var text = Self.sentences[0]
        for index in 1... {
            let next = Self.sentences[index % Self.sentences.count]
            guard text.count + 1 + next.count <= seconds * Self.charactersPerSecond else { break }
            text += " " + next
        }
        return text
    }

    static let charactersPerSecond = 14

    private static let sentences = [
        "The ferry leaves the harbour at a quarter past six.",
        "Most mornings there is fog on the water, and the lamps along the pier stay lit until seven.",
        "A man with a green umbrella sells tea and warm bread to those who wait.",
        "Nobody talks much before the first cup is empty.",
        "On the other side of the bay you can see the mountains, blue and very far away.",
        "My sister says that the snow up there never melts, not even in the hottest summer.",
        "Would you like to go there with us next week?",
        "We could take the slow train through the valley and get off at the old bridge.",
        "From there it is an hour on foot, first between apple trees and then over open fields.",
        "Bring good shoes, a thick jacket, and something to drink.",
        "In the evening we will sit by the fire, cook some soup, and listen to the wind.",
        "If it rains, we can still play cards and go home a day early.",
    ]
}
