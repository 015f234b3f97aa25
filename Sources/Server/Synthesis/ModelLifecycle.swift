// The life of the model: loaded once when it is wanted, tried again after it failed, and given back when nobody uses it.

package import Logging
import Speech
import Synchronization

package final class ModelLifecycle: Sendable {
    /// Makes the model and the scheduler around it, off the threads that serve.
    package typealias Loader =
        @Sendable (_ limits: SchedulerLimits, _ report: @escaping @Sendable (SpeechReport) -> Void) async throws
        -> any Synthesizer

    package enum State: Sendable {
        case unloaded, loading
        case ready(any Synthesizer)
        case failed(String)
        case stopping
    }

    private struct Life {
        var state = State.unloaded
        /// When the last load ended in a failure.
        var failedAt: ContinuousClock.Instant?
        /// When the model was last asked for.
        var usedAt = ContinuousClock.now
    }

    /// A model that failed is tried again no sooner than this.
    private let pause: Duration
    private let limits: SchedulerLimits
    private let loader: Loader
    private let report: @Sendable (SpeechReport) -> Void
    private let logger: Logger
    private let life = Mutex(Life())

    package init(
        limits: SchedulerLimits, pause: Duration = .seconds(1), logger: Logger, loader: @escaping Loader,
        report: @escaping @Sendable (SpeechReport) -> Void
    ) {
        self.pause = pause
        self.limits = limits
        self.logger = logger
        self.loader = loader
        self.report = report
    }

    package var state: State { life.withLock { $0.state } }

    /// The loaded model; nil as long as there is none.
    package var synthesizer: (any Synthesizer)? {
        if case .ready(let synthesizer) = state { synthesizer } else { nil }
    }

    /// Whether the server shuts down.
    package var isStopping: Bool {
        if case .stopping = state { true } else { false }
    }

    /// Loads the model unless it is there, on its way, or failed a moment ago. Returns what this call loaded.
    @discardableResult
    package func load() async -> (any Synthesizer)? {
        guard begin() else { return nil }
        let start = ContinuousClock.now
        do {
            let synthesizer = try await loader(limits, report)
            guard becomeReady(synthesizer) else { return nil }
            let information = synthesizer.information
            logger.info(
                "model loaded",
                metadata: [
                    "engine": "\(information.engine)", "model": "\(information.name)",
                    "format": "\(information.format)", "seconds": "\((ContinuousClock.now - start).seconds)",
                ])
            return synthesizer
        } catch {
            life.withLock { life in
                guard case .loading = life.state else { return }
                life.state = .failed("\(error)")
                life.failedAt = .now
            }
            logger.error("model not loaded", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func begin() -> Bool {
        life.withLock { life in
            switch life.state {
            case .unloaded: break
            case .failed where mayTryAgain(life): break
            case .failed, .loading, .ready, .stopping: return false
            }
            life.state = .loading
            return true
        }
    }

    private func mayTryAgain(_ life: Life) -> Bool {
        life.failedAt.map { ContinuousClock.now - $0 >= pause } ?? true
    }

    /// False when the server began to stop meanwhile.
    private func becomeReady(_ synthesizer: any Synthesizer) -> Bool {
        life.withLock { life in
            guard case .loading = life.state else { return false }
            life.state = .ready(synthesizer)
            life.usedAt = .now
            return true
        }
    }

    /// The loaded model for a request, or why there is none. It loads nothing: `isWaitingToBeAsked` tells who should.
    package func use() throws(SpeakError) -> any Synthesizer {
        let state = life.withLock { life in
            life.usedAt = .now
            return life.state
        }
        switch state {
        case .ready(let synthesizer): return synthesizer
        case .unloaded, .loading:
            throw SpeakError(
                .modelLoading, "The model is still being loaded. Try again in a moment.", retryAfter: pause)
        case .failed(let why):
            throw SpeakError(
                .modelLoading, "The model could not be loaded and is tried again when asked: \(why)",
                retryAfter: pause)
        case .stopping:
            throw SpeakError(.modelLoading, "The server is shutting down.", retryAfter: .seconds(10))
        }
    }

    /// Whether somebody who asks now should have the model loaded.
    package var isWaitingToBeAsked: Bool {
        life.withLock { life in
            switch life.state {
            case .unloaded: true
            case .failed: mayTryAgain(life)
            case .loading, .ready, .stopping: false
            }
        }
    }

    /// Gives the model back when nobody asked for it for so long and nobody is spoken to. The next request loads it again.
    @discardableResult
    package func unload(idleFor time: Duration) -> Bool {
        let unloaded: (any Synthesizer)? = life.withLock { life in
            guard case .ready(let synthesizer) = life.state, ContinuousClock.now - life.usedAt >= time else {
                return nil
            }
            let gauges = synthesizer.gauges
            guard gauges.running + gauges.waiting == 0 else {
                life.usedAt = .now
                return nil
            }
            life.state = .unloaded
            return synthesizer
        }
        guard let unloaded else { return false }
        logger.info("model given back", metadata: ["model": "\(unloaded.information.name)", "idle": "\(time)"])
        return true
    }

    /// No new speech; what runs may go on.
    package func stop() -> (any Synthesizer)? {
        life.withLock { life in
            defer { life.state = .stopping }
            if case .ready(let synthesizer) = life.state { return synthesizer }
            return nil
        }
    }
}
