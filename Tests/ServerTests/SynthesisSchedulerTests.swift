import Dispatch
import Speech
import Synchronization
import Testing

@testable import Server

@Suite struct SynthesisSchedulerTests {
    static func speak(
        _ text: String, client: String = "a", priority: SpeakRequest.Priority = .normal, isOpen: Bool = false,
        source: SpokenText? = nil, on scheduler: some Synthesizer
    ) async throws(SpeakError) -> SpeechStream {
        try await scheduler.speak(
            SpeechRequest(text: text, voice: .none, isOpen: isOpen),
            of: isOpen ? open(text) : TextInlet(source ?? SpokenText(verbatim: text)), priority: priority,
            client: SpeechClient(client))
    }

    /// An open text that begins so, as it is.
    private static func open(_ text: String, limit: Int = 10_000) -> TextInlet {
        let inlet = TextInlet(OpenText(nil), limit: limit)
        #expect(throws: Never.self) { try inlet.add(text, isLast: false) }
        // The request has these words.
        _ = inlet.next()
        return inlet
    }

    /// What several tasks note down.
    final class Notes<Note: Sendable>: Sendable {
        private let notes = Mutex<[Note]>([])
        var all: [Note] { notes.withLock { $0 } }
        func add(_ note: Note) { notes.withLock { $0.append(note) } }
    }

    struct Heard: Equatable {
        var samples: [Float] = []
        var characters: [Int] = []
        var last: SpokenEvent?
    }

    static func hear(_ stream: SpeechStream) async -> Heard {
        var heard = Heard()
        for await event in stream {
            if case .frame(let samples, let characters) = event {
                heard.samples += samples
                heard.characters.append(characters)
            }
            heard.last = event
        }
        return heard
    }

    @Test func tenAtOnceEachSoundAsAlone() async throws {
        let texts = (1...10).map { String(repeating: "x", count: $0 * 3) }
        var alone: [Heard] = []
        let one = SynthesisScheduler(ToneEngine())
        for text in texts { alone.append(await Self.hear(try await Self.speak(text, on: one))) }
        let scheduler = SynthesisScheduler(ToneEngine())
        let together = try await withThrowingTaskGroup(of: (Int, Heard).self) { group in
            for (index, text) in texts.enumerated() {
                group.addTask { (index, await Self.hear(try await Self.speak(text, on: scheduler))) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for index in texts.indices {
            #expect(together[index]?.samples == alone[index].samples)
            #expect(together[index]?.characters == Array(1...texts[index].count))
        }
    }

    @Test func charactersAreThoseOfTheSource() async throws {
        let source = SpokenForm(language: "english").convert("1000 x")
        let scheduler = SynthesisScheduler(ToneEngine())
        let heard = await Self.hear(try await Self.speak("abcd", source: source, on: scheduler))
        #expect(heard.characters == (1...4).map { source.originalOffset(ofSpoken: $0) })
        guard case .ended(.endOfSpeech, let summary) = heard.last else {
            Issue.record("it did not end as it should")
            return
        }
        #expect(summary.frames == 4)
        #expect(summary.audio == .milliseconds(320))
    }

    @Test func anErrorOfTheModelEndsOneUtteranceOnly() async throws {
        let scheduler = SynthesisScheduler(ToneEngine())
        let bad = try await Self.speak("   ", on: scheduler)
        let good = try await Self.speak("good", on: scheduler)
        guard case .failed(let error) = await Self.hear(bad).last else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .invalidText)
        #expect(await Self.hear(good).characters.count == 4)
    }

    @Test func cancellingEndsTheUtteranceAndFreesItsPlace() async throws {
        let reports = Notes<SpeechReport>()
        var limits = SchedulerLimits()
        limits.running = 1
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(1)), limits: limits) {
            reports.add($0)
        }
        let long = try await Self.speak(String(repeating: "x", count: 5000), on: scheduler)
        let next = try await Self.speak("next", on: scheduler)
        var frames = 0
        for await event in long {
            if case .frame = event { frames += 1 }
            if frames == 3 { long.cancel() }
        }
        #expect(frames < 100)
        #expect(await Self.hear(next).characters.count == 4)
        #expect(reports.all.map(\.outcome) == [.finished(.cancelled), .finished(.endOfSpeech)])
        #expect(reports.all[0].cancelLatency != nil)
    }

    @Test func aListenerThatLeavesCancels() async throws {
        let (reports, continuation) = AsyncStream.makeStream(of: SpeechReport.self)
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(1))) { continuation.yield($0) }
        do {
            let stream = try await Self.speak(String(repeating: "x", count: 5000), on: scheduler)
            for await event in stream { if case .frame = event { break } }
        }
        var iterator = reports.makeAsyncIterator()
        #expect(await iterator.next()?.outcome == .finished(.cancelled))
        #expect(scheduler.gauges.running == 0)
    }

    @Test func aSlowListenerPausesOnlyItself() async throws {
        let scheduler = SynthesisScheduler(ToneEngine())
        let slow = try await Self.speak(String(repeating: "x", count: 200), on: scheduler)
        for _ in 0..<5 {
            #expect(await Self.hear(try await Self.speak("quick", on: scheduler)).characters.count == 5)
        }
        // Nobody has read a frame of it, so it comes to stand at its limit, and goes on once somebody does.
        while slow.ticket.backlog < slow.ticket.room { try await Task.sleep(for: .milliseconds(5)) }
        try await Task.sleep(for: .milliseconds(50))
        #expect(slow.ticket.backlog == slow.ticket.room)
        #expect(await Self.hear(slow).characters.count == 200)
    }

    @Test func aListenerThatNeverReadsIsEnded() async throws {
        var limits = SchedulerLimits()
        limits.stall = .milliseconds(150)
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        let stalled = try await Self.speak(String(repeating: "x", count: 200), on: scheduler)
        while scheduler.gauges.running + scheduler.gauges.waiting > 0 { try await Task.sleep(for: .milliseconds(5)) }
        guard case .failed(let error) = await Self.hear(stalled).last else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .timeout)
    }

    @Test func theDeadlineEndsAnUtterance() async throws {
        var limits = SchedulerLimits()
        limits.deadline = .milliseconds(30)
        // A frame is 80 ms of sound.
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(100)), limits: limits)
        guard
            case .failed(let error) = await Self.hear(
                try await Self.speak(String(repeating: "x", count: 500), on: scheduler)
            ).last
        else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .timeout)
    }

    /// Asks for as many utterances at once until one is refused; returns those that were taken, and the refusal.
    private static func flood(
        _ count: Int, letters: Int, client: String = "a", on scheduler: some Synthesizer
    ) async -> (taken: [SpeechStream], refused: SpeakError?) {
        let text = String(repeating: "x", count: letters)
        var streams: [SpeechStream] = []
        while streams.count < count {
            do { streams.append(try await speak(text, client: client, on: scheduler)) } catch {
                return (streams, error)
            }
        }
        return (streams, nil)
    }

    @Test func aFullQueueIsRateLimited() async throws {
        var limits = SchedulerLimits()
        limits.waiting = 2
        limits.running = 1
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(5)), limits: limits)
        let (taken, refused) = await Self.flood(20, letters: 100, on: scheduler)
        #expect(taken.count < 20)
        #expect(refused?.code == .rateLimited)
        #expect(refused?.retryAfter != nil)
        await scheduler.cancelAll()
    }

    @Test func placesGoToHighPriorityThenToWhoHasLeast() async throws {
        var limits = SchedulerLimits()
        limits.running = 2
        let order = Notes<String>()
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(1)), limits: limits)
        // The first two hold both places while the others come: one of them for much longer.
        let long = try await Self.speak(String(repeating: "x", count: 5000), client: "greedy", on: scheduler)
        let first = try await Self.speak(String(repeating: "x", count: 40), client: "other", on: scheduler)
        while scheduler.gauges.running < 2 { try await Task.sleep(for: .milliseconds(1)) }
        let requests: [(String, client: String, SpeakRequest.Priority)] = [
            ("greedy again", "greedy", .normal), ("modest", "modest", .normal), ("urgent", "greedy", .high),
        ]
        var waiting: [(String, SpeechStream)] = []
        for (name, client, priority) in requests {
            waiting.append((name, try await Self.speak("aaaa", client: client, priority: priority, on: scheduler)))
        }
        await withTaskGroup(of: Void.self) { group in
            for (name, stream) in waiting {
                group.addTask {
                    var isFirst = true
                    for await _ in stream where isFirst {
                        isFirst = false
                        order.add(name)
                    }
                }
            }
            group.addTask { for await _ in first {} }
            group.addTask {
                while order.all.count < 3 { try? await Task.sleep(for: .milliseconds(5)) }
                long.cancel()
            }
            group.addTask { for await _ in long {} }
        }
        #expect(order.all == ["urgent", "modest", "greedy again"])
    }

    @Test func openTextStarvesAndGoesOn() async throws {
        let scheduler = SynthesisScheduler(ToneEngine())
        let stream = try await Self.speak("ab", isOpen: true, on: scheduler)
        try await stream.append("c", isLast: false)
        var frames = 0
        var starved = 0
        for await event in stream {
            switch event {
            case .frame: frames += 1
            case .sentence, .buffering: break
            case .starved:
                starved += 1
                if frames == 3 { try await stream.append("de", isLast: true) }
            case .ended(let reason, _): #expect(reason == .endOfSpeech)
            case .failed(let error): Issue.record("\(error)")
            }
        }
        #expect(frames == 5)
        #expect(starved >= 1)
    }

    @Test func textThatNeverComesEndsTheUtterance() async throws {
        var limits = SchedulerLimits()
        limits.stall = .milliseconds(100)
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        let heard = await Self.hear(try await Self.speak("ab", isOpen: true, on: scheduler))
        guard case .failed(let error) = heard.last else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .timeout)
        #expect(heard.characters == [1, 2])
    }

    @Test(.timeLimit(.minutes(10))) func idleOpenTextsHoldNoPlace() async throws {
        var limits = SchedulerLimits()
        limits.running = 2
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        // One that never had text, one that has said all it had.
        let empty = try await Self.speak("", client: "idle", isOpen: true, on: scheduler)
        let starved = try await Self.speak("ab", client: "idle too", isOpen: true, on: scheduler)
        for await event in starved where event == .starved { break }
        let third = await Self.hear(try await Self.speak("third", client: "other", on: scheduler))
        #expect(third.characters.count == 5)
        empty.cancel()
    }

    @Test(.timeLimit(.minutes(10))) func anOpenTextGoesOnBesideOthers() async throws {
        var limits = SchedulerLimits()
        limits.running = 1
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        let open = try await Self.speak("a", client: "open", isOpen: true, on: scheduler)
        var frames = 0
        for await event in open {
            if case .frame = event { frames += 1 }
            guard event == .starved else { continue }
            // Somebody else speaks meanwhile, in the only place.
            #expect(await Self.hear(try await Self.speak("xyz", on: scheduler)).characters.count == 3)
            try await open.append("b", isLast: frames == 15)
        }
        #expect(frames == 16)
    }

    /// Frames that may be unread.
    private let framesOfBacklog = Int(SchedulerLimits.backlog / .milliseconds(80))

    private static let model = ToneEngine().information

    /// Silence.
    private static func seconds(_ count: Int) -> SpokenEvent {
        .frame([Float](repeating: 0, count: model.sampleRate * count), characters: 1)
    }

    /// An utterance whose time is the test's.
    private static func entry(_ request: SpeechRequest) -> ScheduledUtterance<ToneEngine> {
        let (_, continuation) = AsyncStream.makeStream(of: SpokenEvent.self)
        return ScheduledUtterance(
            request, of: TextInlet(SpokenText(verbatim: "a")), .normal, client: "a",
            SpeechTicket(continuation, sampleRate: model.sampleRate), deadline: .seconds(300), model: model)
    }

    /// Hours of speech are no reason to end it, as long as it is made as fast as it is heard.
    @Test func theDeadlineGrowsWithSoundAndWaiting() {
        let entry = Self.entry(SpeechRequest(text: "a", voice: .none))
        #expect(entry.deadline == entry.submitted + .seconds(300))
        entry.send([Self.seconds(2)], at: entry.submitted)
        entry.wait(.seconds(5))
        #expect(entry.deadline == entry.submitted + .seconds(307))
        #expect(entry.pausedFor == .seconds(5))
        // Only sound shows that it goes on.
        entry.send([Self.seconds(1)], at: entry.submitted + .seconds(9))
        #expect(entry.pausedFor == .zero && entry.underruns == 0)
        entry.send([Self.seconds(1)], at: entry.submitted + .seconds(20))
        #expect(entry.underruns == 1)
        // Who has waited hears on from there: it is not late for ever.
        entry.send([Self.seconds(1)], at: entry.submitted + .seconds(21))
        #expect(entry.underruns == 1 && entry.summary.frames == 64)
    }

    /// Frames come together as long as there is more to hear than they take.
    @Test func framesComeTogetherWhileTheListenerIsAhead() {
        var request = SpeechRequest(text: "a", voice: .none)
        request.playingSpeed = 2
        let entry = Self.entry(request)
        let start = entry.submitted + .seconds(1)
        func atOnce(_ milliseconds: Int) -> Int {
            entry.framesAtOnce(at: start + .milliseconds(milliseconds), turn: .milliseconds(100))
        }
        #expect(atOnce(0) == 1)
        entry.send([Self.seconds(2)], at: start)
        // Two seconds are heard in one, and 80 ms are kept.
        #expect([0, 110, 610, 710, 900, 1100, 60_000].map(atOnce) == [9, 8, 3, 2, 1, 1, 1])
        entry.send([Self.seconds(1)], at: start + .seconds(60))
        #expect(atOnce(60_000) == 4)
        #expect(entry.framesAtOnce(at: start + .seconds(60), turn: .zero) == 1)
        // Nobody listens yet: that is as good as being far ahead.
        entry.ticket.isHeld = true
        entry.lookAtListener(at: start + .seconds(70))
        #expect(atOnce(70_000) > 4)
        entry.send([Self.seconds(1)], at: start + .seconds(80))
        entry.ticket.isHeld = false
        entry.lookAtListener(at: start + .seconds(90))
        #expect(atOnce(90_000) == 19 && entry.underruns == 1)
    }

    @Test(.timeLimit(.minutes(10))) func dripsWithoutAWordKeepNothingAlive() async throws {
        var limits = SchedulerLimits()
        limits.stall = .milliseconds(200)
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        let stream = try await Self.speak("a", isOpen: true, on: scheduler)
        let dripping = Task {
            while !Task.isCancelled {
                try? await stream.append("", isLast: false)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        let heard = await Self.hear(stream)
        dripping.cancel()
        guard case .failed(let error) = heard.last else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .timeout)
    }

    @Test(.timeLimit(.minutes(10))) func oneClientLeavesPlacesToOthers() async throws {
        var limits = SchedulerLimits()
        limits.running = 2
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(2)), limits: limits)
        func speak(_ letter: String) async throws -> SpeechStream {
            try await Self.speak(String(repeating: letter, count: 500), client: "greedy", on: scheduler)
        }
        let (one, other) = (try await speak("x"), try await speak("y"))
        async let first = Self.hear(one)
        async let second = Self.hear(other)
        while scheduler.gauges.running < 2 { try await Task.sleep(for: .milliseconds(1)) }
        // It speaks while both of the other's go on, and nothing of theirs is lost.
        let modest = await Self.hear(try await Self.speak("modest", client: "modest", on: scheduler))
        #expect(modest.characters.count == 6)
        #expect(scheduler.gauges.running == 2)
        #expect(await first.characters == Array(1...500))
        #expect(await second.characters == Array(1...500))
    }

    @Test func oneClientCannotFillTheQueue() async throws {
        var limits = SchedulerLimits()
        limits.waiting = 16
        limits.running = 1
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(5)), limits: limits)
        let (taken, refused) = await Self.flood(40, letters: 1000, client: "greedy", on: scheduler)
        #expect(refused?.code == .rateLimited && taken.count < 16)
        await #expect(throws: Never.self) { try await Self.speak("modest", client: "modest", on: scheduler) }
        await scheduler.cancelAll()
    }

    @Test func whatWaitsToBeSaidIsLimited() async throws {
        let inlet = TextInlet(OpenText(nil), limit: 10)
        func give(_ text: String, isLast: Bool = false) throws -> String? {
            try inlet.add(text, isLast: isLast)
            return inlet.next()?.words
        }
        #expect(try give("12345678") == "12345678")
        #expect(inlet.room == 2)
        let error = #expect(throws: SpeakError.self) { try inlet.add("abc", isLast: true) }
        #expect(error?.code == .rateLimited && error?.retryAfter != nil)
        // What was refused was not taken.
        #expect(try give("ab") == "ab")
        #expect(inlet.originalOffset(ofSpoken: 9) == 9)
        #expect(inlet.room == 9)
        #expect(try give("cdefghijk", isLast: true) == "cdefghijk")
        #expect(inlet.originalOffset(ofSpoken: 19) == 19)
    }

    /// Hours of text, as long as it is spoken.
    @Test(.timeLimit(.minutes(10))) func aTextThatIsSpokenHasNoEnd() async throws {
        let scheduler = SynthesisScheduler(ToneEngine())
        let text = TextInlet(OpenText(nil), limit: 100)
        let stream = try await scheduler.speak(
            SpeechRequest(text: "", voice: .none, isOpen: true), of: text, priority: .normal, client: "a")
        let feeding = Task {
            try await stream.feed(String(repeating: "x", count: 2000))
            try await stream.append("", isLast: true)
        }
        #expect(await Self.hear(stream).characters.last == 2000)
        try await feeding.value
    }

    /// Hums, and makes a voice only when it may.
    struct PatientEngine: SpeechEngine, Sendable {
        private let hum = ToneEngine()
        let began: AsyncStream<Void>.Continuation
        let mayEnd: DispatchSemaphore

        var information: ModelInformation { hum.information }
        var voiceMaker: any VoiceMaker { Maker(hum: hum.voiceMaker, began: began, mayEnd: mayEnd) }

        private struct Maker: VoiceMaker {
            let hum: any VoiceMaker
            let began: AsyncStream<Void>.Continuation
            let mayEnd: DispatchSemaphore

            func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice {
                began.yield()
                mayEnd.wait()
                return try hum.prepare(clip, transcript: transcript)
            }

            func accepts(_ voice: PreparedVoice) -> Bool { hum.accepts(voice) }
        }

        func begin(_ request: SpeechRequest) throws(SynthesisError) -> ToneEngine.Utterance {
            try hum.begin(request)
        }

        func append(_ text: String, isLast: Bool, to utterance: ToneEngine.Utterance) throws(SynthesisError) {
            try hum.append(text, isLast: isLast, to: utterance)
        }

        func advance(
            _ batch: [ToneEngine.Utterance], isCancelled: (ToneEngine.Utterance) -> Bool
        ) -> [SpeechEvent] { hum.advance(batch, isCancelled: isCancelled) }
    }

    @Test(.timeLimit(.minutes(10))) func speechGoesOnWhileAVoiceIsMade() async throws {
        let (preparing, began) = AsyncStream.makeStream(of: Void.self)
        let mayEnd = DispatchSemaphore(value: 0)
        let scheduler = SynthesisScheduler(PatientEngine(began: began, mayEnd: mayEnd))
        let stream = try await Self.speak(String(repeating: "x", count: 5000), on: scheduler)
        async let voice = scheduler.prepare([Float](repeating: 0.5, count: 1920), transcript: nil)
        for await _ in preparing.prefix(1) {}
        // Those of the backlog may have been there before; as many again are made while the voice waits.
        var frames = 0
        for await event in stream {
            if case .frame = event { frames += 1 }
            if frames == 2 * framesOfBacklog { break }
        }
        mayEnd.signal()
        #expect(frames == 2 * framesOfBacklog)
        #expect(try await voice == PreparedVoice(engine: "tone", bytes: Array("0.5 1920\n".utf8), loudness: -19))
    }

    @Test func cancelAllEndsEverything() async throws {
        let scheduler = SynthesisScheduler(ToneEngine(frameTime: .milliseconds(1)))
        var streams: [SpeechStream] = []
        for _ in 0..<15 { streams.append(try await Self.speak(String(repeating: "x", count: 5000), on: scheduler)) }
        await scheduler.cancelAll()
        for stream in streams {
            guard case .ended(.cancelled, _) = await Self.hear(stream).last else {
                Issue.record("it did not end as it should")
                return
            }
        }
    }
}
