import Testing

@testable import Compute

@Suite struct ThreadTunerTests {
    /// A stage that takes `time` seconds with so many threads.
    private struct Machine {
        var tuner: ThreadTuner
        var used: [Int] = []
        var time: (Int) -> Double

        init(_ threads: Int, most: Int, _ time: @escaping (Int) -> Double) {
            tuner = ThreadTuner(threads, most: most)
            self.time = time
        }

        mutating func run(_ turns: Int, shape: Int = 1, noise: (Int) -> Double = { _ in 1 }) {
            for turn in 0..<turns {
                let threads = tuner.next(shape)
                used.append(threads)
                tuner.took(time(threads) * noise(turn), shape)
            }
        }
    }

    /// Multiplying is divided by the threads; memory gives no more than two of them.
    @Test(arguments: 1...4, [0.0, 0.3, 0.6, 1])
    func findsTheFastestCount(first: Int, memory: Double) {
        let time = { (threads: Int) in (1 - memory) / Double(threads) + memory / Double(min(threads, 2)) }
        var machine = Machine(first, most: 4, time)
        machine.run(400)
        let counts = (1...4).map(time)
        let expected = (1...4).first { $0 == 4 || counts[$0] > 0.93 * counts[$0 - 1] }
        #expect(machine.tuner.threads == expected)
    }

    @Test func whoeverBeginsIsNotHeldUp() {
        var machine = Machine(3, most: 4) { 1 / Double($0) }
        machine.run(ThreadTuner.settling + 1)
        #expect(machine.used == [Int](repeating: 3, count: ThreadTuner.settling + 1))
    }

    /// With two cores that multiply, one thread takes twice as long: it is tried a few times, some turns apart.
    @Test func aBadCandidateDelaysFewTurns() {
        var machine = Machine(2, most: 2) { 1 / Double($0) }
        machine.run(3000)
        let tried = machine.used.indices.filter { machine.used[$0] == 1 }
        #expect(tried.count == ThreadTuner.tries)
        #expect(zip(tried, tried.dropFirst()).allSatisfy { $1 - $0 == ThreadTuner.spacing })
    }

    /// Turns that something else has delayed do not decide.
    @Test func disturbedTurnsSayNothing() {
        var machine = Machine(2, most: 4) { 1 / Double($0) }
        machine.run(400) { $0 % 3 == 0 ? 1 : 4 }
        #expect(machine.tuner.threads == 4)
    }

    /// Another program takes cores away for good: the counts are tried anew within some seconds.
    @Test func aStageThatBecomesSlowIsTriedAgain() {
        var machine = Machine(4, most: 4) { 1 / Double($0) }
        machine.run(200)
        #expect(machine.tuner.threads == 4)
        machine.time = { 1 / Double(min($0, 2)) + ($0 > 2 ? 0.5 : 0) }
        machine.run(200)
        #expect(machine.tuner.threads == 2)
    }

    /// One after the other, then four at a time for good.
    @Test func turnsOfAnotherShapeAreNotCompared() {
        var machine = Machine(1, most: 2) { $0 == 1 ? 1 : 0.6 }
        machine.run(10)
        machine.run(10, shape: 4) { _ in 0.01 }
        machine.run(400)
        #expect(machine.tuner.threads == 2)
        machine.time = { $0 == 1 ? 1 : 1.2 }
        machine.run(400, shape: 4)
        #expect(machine.tuner.threads == 1)
    }
}
