// What sessions that speak over a WebSocket have in common.

/// Three tasks share it: one reads the client's messages, one takes sound from the scheduler, one writes. So a client that does not read
/// is still heard when it cancels, and holds up nothing but its own sound.
protocol SpeakingSession: ServedSession {
    nonisolated var sessions: SessionRegistry { get }

    func greet() async
    func receive(_ message: WebSocketMessage) async
    /// The client has left: both other tasks end.
    func leave() async
    func takeSound() async
    func write(to sender: WebSocketSender) async
}

extension SpeakingSession {
    /// Serves the client until it leaves or is told to.
    nonisolated func run(_ receiver: inout WebSocketReceiver, _ sender: WebSocketSender) async throws {
        sessions.add(self)
        defer { sessions.remove(self) }
        await greet()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.write(to: sender) }
            group.addTask { await self.takeSound() }
            do {
                while let message = try await receiver.next() { await receive(message) }
            } catch {
                await leave()
                throw error
            }
            await leave()
            try await group.waitForAll()
        }
    }
}
