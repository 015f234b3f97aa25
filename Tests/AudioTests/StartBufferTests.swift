import Audio
import Testing

@Suite struct StartBufferTests {
    /// Frames of 80 ms made at `speed` times real time: playing from where the buffer says so never runs dry, and begins
    /// as early as that allows when the speed may fall by a tenth.
    @Test(arguments: [0.3, 0.5, 0.8, 0.95, 1.2, 3, 20], [10, 60, 400])
    func playingNeverCatchesUp(speed: Double, frames: Int) throws {
        var buffer = StartBuffer()
        var start: Double?
        var ready: [Double] = []
        for index in 0..<frames {
            let time = 0.5 + Double(index) * 0.08 / speed
            ready.append(time)
            buffer.add(0.08, at: time)
            if start == nil, buffer.isReady(progress: Double(index + 1) / Double(frames)) { start = time }
        }
        let begin = start ?? ready[frames - 1]
        for index in 0..<frames { #expect(ready[index] <= begin + Double(index) * 0.08 + 1e-9) }
        if speed >= 1.1 {
            #expect(begin - ready[0] < 0.2)
        } else {
            let needed = (1 - speed / 1.1) * Double(frames) * 0.08 / speed
            #expect(begin - ready[0] <= needed + 0.3 / speed)
        }
    }

    @Test func nothingIsReadyAtFirst() {
        var buffer = StartBuffer()
        #expect(!buffer.isReady(progress: 1) && buffer.speed == nil)
        buffer.add(0.08, at: 1)
        #expect(!buffer.isReady(progress: 1))
        buffer.add(0.08, at: 1.01)
        #expect(buffer.isReady(progress: 0))
    }
}
