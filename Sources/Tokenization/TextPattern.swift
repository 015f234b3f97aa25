/// How text is cut into the pieces that byte pair encoding works on. The patterns of two families of models differ in
/// these few respects; every scalar belongs to exactly one piece in both.
package struct TextPattern: Sendable {
    /// Text is brought to Normalization Form C first.
    let composes: Bool
    /// 'S is a contraction as 's is.
    let foldsContractions: Bool
    /// What one scalar a word may have before it: any mark or space that is no line break, else a space only.
    let takesMarkIntoWord: Bool
    /// Digits in a row are one piece, with a space before them; else each is one.
    let joinsNumbers: Bool
    /// Line breaks belong to the punctuation before them, and end the white space they are in.
    let endsAtLineBreaks: Bool

    /// Qwen2's:
    ///
    ///     (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N} | ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+
    ///     | \s+(?!\S) | \s+
    ///
    /// (the fourth alternative starts with an optional space).
    package static let qwen2 = TextPattern(
        composes: true, foldsContractions: true, takesMarkIntoWord: true, joinsNumbers: false, endsAtLineBreaks: true)

    /// GPT-2's:
    ///
    ///     's|'t|'re|'ve|'m|'ll|'d | ?\p{L}+ | ?\p{N}+ | ?[^\s\p{L}\p{N}]+ | \s+(?!\S) | \s+
    ///
    /// (the middle three start with an optional space).
    package static let gpt2 = TextPattern(
        composes: false, foldsContractions: false, takesMarkIntoWord: false, joinsNumbers: true,
        endsAtLineBreaks: false)
}
