import Audio
import FoundationEssentials
import NIOPosix
import Server
import Speech

/// Says texts through the sound device, one after the other.
actor Announcer {
    /// Texts that may wait.
    static let queueLimit = 16

    private let finder: SpeechFinder
    private let sound: SoundOptions
    /// A sound device holds up who plays: a thread of its own.
    private let thread = EventLoopTaskExecutor(MultiThreadedEventLoopGroup(numberOfThreads: 1).next())
    private var saying: [(number: Int, task: Task<Spoken, any Error>)] = []
    private var nextNumber = 0

    init(_ finder: SpeechFinder, _ sound: SoundOptions) {
        self.finder = finder
        self.sound = sound
    }

    /// Begins to say a text, when those before it have been said.
    /// - Returns: its end; cancelling it falls silent.
    func say(
        _ text: Saying, progress: @escaping @Sendable (Double) -> Void
    ) throws(Failure) -> Task<Spoken, any Error> {
        guard saying.count <= Self.queueLimit else {
            throw Failure("\(saying.count - 1) texts wait to be said already. Wait, or call stop.")
        }
        let before = saying.last?.task
        let number = nextNumber
        nextNumber += 1
        let task = Task(executorPreference: thread) { [self] in
            _ = await before?.result
            do {
                let spoken = try await play(text, progress: progress)
                await end(number)
                return spoken
            } catch {
                await end(number)
                throw error
            }
        }
        saying.append((number, task))
        return task
    }

    /// Falls silent, and forgets what waits.
    /// - Returns: how many texts that was.
    func stop() async -> Int {
        let stopped = saying
        for (_, task) in stopped { task.cancel() }
        for (_, task) in stopped { _ = await task.result }
        return stopped.count
    }

    private func end(_ number: Int) { saying.removeAll { $0.number == number } }

    /// Off this actor: it holds up its thread.
    @concurrent private nonisolated func play(
        _ text: Saying, progress: @Sendable (Double) -> Void
    ) async throws -> Spoken {
        try Task.checkCancellation()
        guard ALSAPlayer.isAvailable(device: sound.device) else {
            throw Failure("There is no sound device here. The tool save writes a file.")
        }
        return try await finder.source().speak(text, progress: progress) { [sound] rate, speed in
            try SpeechOutput(path: nil, plays: true, sound, speed: speed, sampleRate: rate)
        }
    }
}
