// The ids of T3's speech tokens, as the official code names them.

package enum SpeechTokens {
    /// Codes of sound: eight digits of three values.
    package static let codes = 6561
    /// Ahead of the first token.
    package static let start = 6561
    /// Behind the last one.
    package static let stop = 6562
    /// A code of silence, of which three follow all speech.
    package static let silence = 4299
    package static let silences = 3
    /// Of sound in a second.
    package static let rate = 25

    /// Those of the tokens T3 gave that are sound.
    package static func sounding(_ tokens: [Int]) -> [Int] { tokens.filter { $0 < codes } }

    /// What is decoded of the tokens T3 gave: those that are sound, and the silence behind them.
    package static func spoken(_ tokens: [Int]) -> [Int] {
        sounding(tokens) + [Int](repeating: silence, count: silences)
    }
}
