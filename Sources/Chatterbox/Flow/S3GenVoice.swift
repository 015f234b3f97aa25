/// What the flow continues: a reference clip as speech tokens and as mel, and who speaks in it.
package struct S3GenVoice: Sendable, Equatable {
    package let promptTokens: [Int]
    /// [frames, bands], row by row.
    package let promptMel: [Float]
    /// As CAMPPlus gives it, of any length.
    package let xVector: [Float]

    package init(promptTokens: [Int], promptMel: [Float], xVector: [Float]) {
        self.promptTokens = promptTokens
        self.promptMel = promptMel
        self.xVector = xVector
    }
}
