// How T3's tokens are chosen: temperature, top-k, top-p, and only then the repetition penalty.

package import Compute
package import Speech

package struct T3Options: Sendable, Equatable {
    package var sampling = SamplingOptions(temperature: 0.8, topK: 1000, topP: 0.95)
    package var repetitionPenalty: Float = 1.2
    /// Most tokens: speech that has not ended by then ends here.
    package var maxTokens = T3Options.longest
    package var seed: UInt64 = 0

    /// Forty seconds, and the token before the official code counts.
    package static let longest = 1001
    /// A frame of a budget is 80 ms, a token half of that.
    private static let tokensOfAFrame = 2

    package init() {}

    /// No more tokens than a text of this budget may take.
    package mutating func limit(to budget: FrameBudget) {
        maxTokens = min(Self.longest, Self.tokensOfAFrame * budget.limit)
    }
}

/// What the repetition penalty is for: the tokens so far, and before there is any the one that starts speech, which is
/// forgotten then.
struct T3History {
    private static let start = [SpeechTokens.start]
    private var chosen: TokenHistory

    init(vocabulary: Int) { chosen = TokenHistory(vocabulary: vocabulary) }

    mutating func insert(_ token: Int) { chosen.insert(token) }

    var tokens: [Int] { chosen.tokens.isEmpty ? Self.start : chosen.tokens }
}

extension Sampler {
    /// T3's next token; nil when the logits [1, speech vocabulary] hold what is no number.
    mutating func choose(
        _ logits: Rows, _ options: T3Options, after history: T3History, _ random: inout some UniformSource
    ) -> Int? {
        choose(
            logits, options.sampling, &random,
            afterwards: {
                Sampler.penalize(&$0, history: history.tokens, penalty: options.repetitionPenalty)
            })
    }
}
