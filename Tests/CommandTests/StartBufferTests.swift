import Testing

@testable import makima

/// Plays frames that take `cost` frames' time each to make; the first frame heard and the holes that follow.
private func play(cost: Double, total: Int) -> (start: Int, holes: Int) {
    var buffer = StartBuffer()
    var (start, holes, left) = (0, 0, 0.0)
    for frame in 1...total {
        let wasPlaying = buffer.isPlaying
        if wasPlaying {
            left -= cost
            if left < 0 {
                holes += 1
                left = 0
            }
        }
        let seconds = Double(frame - 1) * cost * 0.08
        left += Double(buffer.take([1], frameSeconds: 0.08, seconds: seconds, total: Double(total)).count)
        if !wasPlaying, buffer.isPlaying { start = frame }
    }
    return (start, holes)
}

@Test func fastSpeechPlaysAtOnce() {
    #expect(play(cost: 0.5, total: 100) == (3, 0))
}

@Test(arguments: [1.05, 1.5, 3.0])
func slowSpeechCollectsUntilItCanFinish(cost: Double) {
    let (start, holes) = play(cost: cost, total: 100)
    #expect(holes == 0)
    #expect(start > 5 && start <= Int(100 * (1 - 0.9 / cost)) + 2)
}

@Test func whatIsHeldIsPlayedAtTheEnd() {
    var buffer = StartBuffer()
    let early = buffer.take([1, 2], frameSeconds: 0.08, seconds: 0, total: 50)
    #expect(early.isEmpty)
    let rest = buffer.flush()
    #expect(rest == [1, 2])
}
