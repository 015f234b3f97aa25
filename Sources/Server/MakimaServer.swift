// The doors and their common life: all open together, all told when it is time to go.

import Logging
package import ServiceLifecycle
import UnixSignals

package struct MakimaServer: Sendable {
    package struct Timing: Sendable {
        /// How long speech in progress may take to finish when the server stops.
        package var grace = Duration.seconds(10)
        package init() {}
    }

    private let service: SpeechService
    /// One for each door; a door is anything that runs until it is told to stop.
    private let doors: [any Service]
    private let timing: Timing

    package init(_ service: SpeechService, doors: [any Service], timing: Timing = Timing()) {
        self.service = service
        self.doors = doors
        self.timing = timing
    }

    /// Serves until SIGTERM or SIGINT, or until a door cannot open.
    package func run() async throws {
        // Services are told to stop in reverse order: first this one, which waits for speech to end, then the doors.
        let services = doors + [GracefulStop(service: service, grace: timing.grace)]
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
            logger: service.logger)
        configuration.maximumGracefulShutdownDuration = timing.grace + .seconds(5)
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Runs while the server does. When it stops: no new speech, then time to finish, then an end.
private struct GracefulStop: Service {
    let service: SpeechService
    let grace: Duration

    func run() async throws {
        try await gracefulShutdown()
        let synthesizer = service.model.stop()
        tellAll { await $0.shutDown() }
        let end = ContinuousClock.now + grace
        while ContinuousClock.now < end, service.sessions.count > 0 || isSpeaking(synthesizer) {
            try await Task.sleep(for: .milliseconds(20))
        }
        tellAll { await $0.cut() }
        await synthesizer?.cancelAll()
        // Goodbyes are on their way: let them arrive.
        let last = ContinuousClock.now + .seconds(1)
        while ContinuousClock.now < last, service.sessions.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// Nobody waits for a client that takes no bytes: what is written to it may never be.
    private func tellAll(_ message: @escaping @Sendable (any ServedSession) async -> Void) {
        for session in service.sessions.all { Task { await message(session) } }
    }

    private func isSpeaking(_ synthesizer: (any Synthesizer)?) -> Bool {
        guard let gauges = synthesizer?.gauges else { return false }
        return gauges.running + gauges.waiting > 0
    }
}
