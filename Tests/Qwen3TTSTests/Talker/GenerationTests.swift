import Compute
import Testing
import Verifying

@testable import Qwen3TTS

struct GenerationTests {
    let talker: Talker
    let goldens: Qwen3Goldens
    let processor = Processor()
    let device: CPUTalker

    init() throws {
        talker = try TinyCheckpoint.talker()
        device = CPUTalker(talker, on: processor)
        goldens = try TinyCheckpoint.goldens()
    }

    private func prompt(_ name: String) throws -> Prompt {
        Prompt(
            embeddings: try goldens.rows("prompt/\(name)/embeds"),
            trailing: try goldens.rows("prompt/\(name)/trailing"),
            padding: Prompt.padding(talker.embeddings, on: processor))
    }

    private func generation(_ name: String, seed: UInt64, limit: Int = 9) throws -> Generation {
        var options = GenerationOptions(.init(), seed: seed)
        options.maxNewTokens = limit
        return Generation(talker.configuration, on: device, prompt: try prompt(name), options: options)
    }

    private func loop(on processor: Processor? = nil) -> GenerationLoop {
        let device = processor.map { CPUTalker(talker, on: $0) } ?? device
        return GenerationLoop(talker.embeddings, on: device, kernels: self.processor.kernels)
    }

    /// Frames of a run by itself.
    private func alone(_ name: String, seed: UInt64, on processor: Processor? = nil) throws -> [[Int]] {
        let loop = self.loop(on: processor)
        let run = try generation(name, seed: seed)
        var frames: [[Int]] = []
        repeat {
            loop.advance([run])
            if run.step == .frame { frames.append(run.codes) }
        } while run.step == .frame || run.step == .reading
        return frames
    }

    @Test func sampledRunsRepeatWithTheirSeed() throws {
        let first = try alone("xvec", seed: 1)
        #expect(first.count == 8)
        #expect(try alone("xvec", seed: 1) == first)
        #expect(try alone("xvec", seed: 2) != first)
        #expect(try alone("xvec", seed: 1, on: Processor(threads: 2)) == first)
    }

    /// Runs that start at different times, with prompts longer than what is read beside speech, and end at different times.
    @Test func interleavedRunsEqualSeparateOnes() throws {
        let names = ["xvec", "icl", "icl_nonstreaming", "xvec_auto", "icl_long_text"]
        let loop = self.loop()
        var runs: [(name: String, run: Generation, frames: [[Int]], isDone: Bool)] = []
        var turn = 0
        var sawReading = false
        while turn < names.count || runs.contains(where: { !$0.isDone }) {
            if turn < names.count {
                runs.append((names[turn], try generation(names[turn], seed: UInt64(turn)), [], false))
            }
            turn += 1
            let active = runs.indices.filter { !runs[$0].isDone }
            loop.advance(active.map { runs[$0].run })
            for index in active {
                switch runs[index].run.step {
                case .frame: runs[index].frames.append(runs[index].run.codes)
                case .reading: sawReading = true
                default: runs[index].isDone = true
                }
            }
        }
        #expect(sawReading)
        for (index, run) in runs.enumerated() {
            #expect(try run.frames == alone(run.name, seed: UInt64(index)), "\(run.name)")
        }
    }

    @Test func cancelledRunsLeaveTheOthersAlone() throws {
        let loop = self.loop()
        let runs = try (0..<3).map { try generation("xvec", seed: UInt64($0)) }
        var frames: [[Int]] = []
        var asked = 0
        while runs[2].step == .reading || runs[2].step == .frame {
            let active = runs.filter { $0.step != .cancelled }
            loop.advance(active) { index in
                // The second is cancelled in the middle of a frame.
                guard active[index] === runs[1] else { return false }
                asked += 1
                return asked == 25
            }
            if runs[2].step == .frame { frames.append(runs[2].codes) }
        }
        #expect(runs[1].step == .cancelled)
        #expect(runs[1].tokens.count == 2)
        #expect(try frames == alone("xvec", seed: 2))
    }

    @Test func aPrefixChangesNothing() throws {
        let whole = try alone("icl", seed: 5)
        let first = try generation("icl", seed: 5)
        self.loop().advance([first])
        let second = Generation(
            talker.configuration, on: device, prompt: try prompt("icl"), prefix: first.snapshot(20),
            options: first.options)
        let loop = self.loop()
        var frames: [[Int]] = []
        repeat {
            loop.advance([second])
            if second.step == .frame { frames.append(second.codes) }
        } while second.step == .frame
        #expect(frames == whole)
    }

    @Test func prefixesHaveALimitInBytes() throws {
        let first = try generation("icl", seed: 5)
        self.loop().advance([first])
        let prompt = try prompt("icl")
        func key(_ voice: String) -> PrefixCache.Key {
            PrefixCache.Key(voice: voice, language: nil, instruction: nil, isStreaming: true)
        }
        var one = PrefixCache(limit: .max)
        one.store(first.snapshot(20), key("a"), for: prompt)
        let size = one.byteCount
        #expect(size >= first.snapshot(20).byteCount && size > 0)
        var two = PrefixCache(limit: 2 * size)
        for voice in ["a", "b", "c"] { two.store(first.snapshot(20), key(voice), for: prompt) }
        #expect(two.byteCount == 2 * size)
        #expect(two.find(key("a"), for: prompt) == nil && two.find(key("c"), for: prompt) != nil)
        two.removeAll()
        #expect(two.byteCount == 0 && two.find(key("c"), for: prompt) == nil)
        var none = PrefixCache(limit: size - 1)
        none.store(first.snapshot(20), key("a"), for: prompt)
        #expect(none.byteCount == 0)
    }

    /// Logits of frames that are given equal those of the run that chose them, bit for bit, over several chunks.
    @Test func teacherForcingEqualsGeneration() throws {
        var longest = 0
        for seed in 0..<6 as Range<UInt64> {
            let run = try generation("icl", seed: seed, limit: 70)
            let loop = self.loop()
            var (frames, first, others): ([[Int]], [[Float]], [[Float]]) = ([], [], [])
            loop.trace = { _, group, logits in
                if group == 0 { first.append(logits.values) } else { others.append(logits.values) }
            }
            repeat {
                loop.advance([run])
                if run.step == .frame { frames.append(run.codes) }
            } while run.step == .frame
            longest = max(longest, frames.count)
            var visited = 0
            Evaluation(talker, on: processor).logits(prompt: try prompt("icl"), codes: frames) { frame, row, rows in
                #expect(frame == visited)
                #expect(row.values == first[frame])
                #expect(rows.values == others[frame * 15..<(frame + 1) * 15].flatMap { $0 })
                visited += 1
            }
            #expect(visited == frames.count)
        }
        #expect(longest > 12)
        Evaluation(talker, on: processor).logits(prompt: try prompt("icl"), codes: []) { _, _, _ in longest = -1 }
        #expect(longest > 12)
    }
}
