import Testing

@testable import Server

@Suite struct BargeInTests {
    private static let start = ContinuousClock.now

    private static func policy(
        _ kind: ListenPolicy.Kind, milliseconds: Int = 200, words: Int = 0, keywords: [String] = [], resume: Int? = nil
    ) -> ListenPolicy {
        var policy = ListenPolicy()
        policy.kind = kind
        policy.minimumSpeech = .milliseconds(milliseconds)
        policy.minimumWords = words
        policy.keywords = keywords
        policy.resumeAfter = resume.map { .milliseconds($0) }
        return policy
    }

    /// Events at milliseconds, and the decisions they led to.
    private static func run(_ policy: ListenPolicy, _ script: [(Int, BargeIn.Event)]) -> [String] {
        var bargeIn = BargeIn(policy)
        _ = bargeIn.handle(.speaking(true), at: start)
        var decisions: [String] = []
        var script = script[...]
        while true {
            let next = script.first.map { start + .milliseconds($0.0) }
            if let wake = bargeIn.wakeAt, next.map({ wake < $0 }) ?? true {
                if let decision = bargeIn.handle(.timer, at: wake) {
                    decisions.append("\((wake - start).milliseconds) \(decision)")
                }
                continue
            }
            guard let (time, event) = script.popFirst() else { return decisions }
            if let decision = bargeIn.handle(event, at: start + .milliseconds(time)) {
                decisions.append("\(time) \(decision)")
            }
        }
    }

    @Test func talkInterruptsOnceItHasLasted() {
        #expect(
            Self.run(Self.policy(.speech), [(100, .speechStarted), (900, .speechStopped)]) == [
                "300 interrupt(mayResume: false)"
            ])
        #expect(Self.run(Self.policy(.speech), [(100, .speechStarted), (250, .speechStopped)]) == [])
        #expect(
            Self.run(Self.policy(.speech, milliseconds: 0), [(100, .speechStarted)]) == [
                "100 interrupt(mayResume: false)"
            ])
    }

    @Test func wordsAreWaitedForWhenAsked() {
        let policy = Self.policy(.speech, words: 2)
        #expect(
            Self.run(policy, [(0, .speechStarted), (400, .partial("no")), (500, .partial("no wait"))])
                == ["500 interrupt(mayResume: false)"])
        #expect(
            Self.run(policy, [(0, .speechStarted), (10, .partial("no wait"))]) == ["200 interrupt(mayResume: false)"])
        #expect(Self.run(policy, [(0, .final("stop now please"))]) == ["0 interrupt(mayResume: false)"])
    }

    @Test func onlyAKeywordInterruptsUnderThatPolicy() {
        let policy = Self.policy(.keyword, keywords: ["stop", "wait a minute"])
        #expect(Self.run(policy, [(0, .speechStarted), (900, .partial("unstoppable stopping"))]) == [])
        #expect(Self.run(policy, [(5, .partial("Please, STOP!"))]) == ["5 interrupt(mayResume: false)"])
        #expect(Self.run(policy, [(5, .final("oh, wait a minute."))]) == ["5 interrupt(mayResume: false)"])
    }

    @Test(arguments: [ListenPolicy.Kind.halfDuplex, .off]) func otherPoliciesNeverInterrupt(kind: ListenPolicy.Kind) {
        #expect(
            Self.run(Self.policy(kind), [(0, .speechStarted), (900, .partial("stop")), (999, .final("stop"))]) == [])
    }

    @Test func aFalseStartResumes() {
        let policy = Self.policy(.speech, resume: 500)
        #expect(
            Self.run(policy, [(0, .speechStarted), (300, .speechStopped)])
                == ["200 interrupt(mayResume: true)", "800 resume"])
    }

    @Test func wordsConfirmAnInterruption() {
        let policy = Self.policy(.speech, resume: 500)
        #expect(
            Self.run(policy, [(0, .speechStarted), (300, .speechStopped), (600, .final("what?"))])
                == ["200 interrupt(mayResume: true)", "600 confirm"])
        // Nothing understood is no word.
        #expect(
            Self.run(policy, [(0, .speechStarted), (300, .speechStopped), (600, .final(" … "))])
                == ["200 interrupt(mayResume: true)", "800 resume"])
    }

    @Test func whatIsSaidAfterAHeldTextWasCancelledIsInterruptedLikeAnyOther() {
        let policy = Self.policy(.speech, resume: 500)
        #expect(
            Self.run(
                policy,
                [
                    (0, .speechStarted), (250, .speaking(false)), (300, .speechStopped), (400, .speaking(true)),
                    (900, .final("stop talking please")),
                ]) == ["200 interrupt(mayResume: true)", "400 confirm", "900 interrupt(mayResume: false)"])
    }

    @Test func silenceOfTheSpeakerIsNotInterrupted() {
        var bargeIn = BargeIn(Self.policy(.speech, milliseconds: 0))
        #expect(bargeIn.handle(.speechStarted, at: Self.start) == nil)
    }

    @Test func wordsOfAnyWriting() {
        #expect(words(of: "Don't stop, Élan 42!") == ["don't", "stop", "élan", "42"])
        #expect(words(of: "你好 ok") == ["你", "好", "ok"])
    }
}
