// One recognizer at `/api/v1/listen`: what it hears decides whether speech of the same contract goes on.

import FoundationEssentials
import Logging
import NIOCore

package actor ListenSession {
    private static let denialLimit = 5

    package nonisolated let id = UUID().uuidString.lowercased()
    private nonisolated let service: SpeechService
    private let sender: WebSocketSender
    private let client: String
    private let refusals: RefusalLog
    private var stranger: Task<Void, Never>?
    private var isAuthorized: Bool
    private var denials = 0
    private var contract: String?
    /// Whether the client was told last that somebody speaks.
    private var toldSpeaking = false
    private var bargeIn = BargeIn(ListenPolicy())
    private var alarm: Task<Void, Never>?
    private var interruptions = 0

    init(_ service: SpeechService, _ sender: WebSocketSender, _ identity: HandshakeIdentity, _ refusals: RefusalLog) {
        self.service = service
        self.sender = sender
        self.refusals = refusals
        client = identity.client
        isAuthorized = identity.isAuthorized
    }

    nonisolated func run(_ receiver: inout WebSocketReceiver) async throws {
        service.sessions.add(self)
        defer { service.sessions.remove(self) }
        await greet()
        do {
            while let message = try await receiver.next() { try await receive(message) }
        } catch {
            await leave()
            throw error
        }
        await leave()
    }

    private func greet() {
        if !isAuthorized { stranger = service.whenTokenIsDue { await self.endStranger() } }
    }

    /// A client that names no token is let go.
    private func endStranger() async {
        guard !isAuthorized else { return }
        refuse(.noToken)
        try? await sender.close(WebSocketClosure(1008, "unauthorized"))
    }

    private func leave() {
        alarm?.cancel()
        stranger?.cancel()
        guard let contract else { return }
        service.contracts.remove(self, from: contract)
        self.contract = nil
        service.logger.info(
            "listened",
            metadata: [
                "client": "\(client)", "door": "\(Door.listen.rawValue)", "policy": "\(bargeIn.policy.kind.rawValue)",
                "interruptions": .stringConvertible(interruptions),
            ])
    }

    private func receive(_ message: WebSocketMessage) async throws {
        guard case .text(let text) = message else {
            return refuse(SpeakError(.invalidText, "Messages are JSON in text frames; a binary frame came."))
        }
        let parsed: ListenMessage
        do { parsed = try ListenMessage(text) } catch { return refuse(error) }
        if case .hello(let policy, let contract, let token) = parsed {
            return try await hello(policy, contract, token)
        }
        guard contract != nil else {
            return refuse(SpeakError(.invalidText, "Send hello with a contractId first.", field: "type"))
        }
        switch parsed {
        case .hello: break
        case .speechStarted: await handle(.speechStarted)
        case .speechStopped: await handle(.speechStopped)
        case .partial(let text): await handle(.partial(text))
        case .final(let text): await handle(.final(text))
        }
    }

    private func hello(_ policy: ListenPolicy, _ contract: String, _ token: String?) async throws {
        if token != nil || !isAuthorized {
            do throws(SpeakError) { _ = try await service.authenticator.subject(of: token) } catch {
                refuse(error)
                denials += 1
                if denials >= Self.denialLimit { throw WebSocketClosure(1008, "unauthorized") }
                return
            }
            isAuthorized = true
        }
        if let old = self.contract { service.contracts.remove(self, from: old) }
        bargeIn = BargeIn(policy)
        self.contract = contract
        toldSpeaking = false
        service.contracts.add(self, to: contract)
        send(.ready(sessionId: id, contract: contract, policy: policy.kind))
        if await service.contracts.isSpeaking(contract) { await speaking(true) }
    }

    private func handle(_ event: BargeIn.Event) async {
        let decision = bargeIn.handle(event, at: .now)
        setAlarm()
        guard let decision, let contract else { return }
        for speaker in service.contracts.speakers(of: contract) {
            switch decision {
            case .interrupt(let mayResume):
                guard let progress = await speaker.interrupt(mayResume: mayResume) else { continue }
                interruptions += 1
                send(.interrupted(progress))
            case .confirm: await speaker.confirm()
            case .resume: await speaker.resume()
            }
        }
        if decision == .resume { send(.resumed) }
    }

    /// Wakes the policy when it wants to be woken.
    private func setAlarm() {
        alarm?.cancel()
        alarm = nil
        guard let time = bargeIn.wakeAt else { return }
        alarm = Task {
            guard (try? await Task.sleep(until: time, clock: .continuous)) != nil else { return }
            await handle(.timer)
        }
    }

    private func send(_ reply: ListenReply) { sender.post(reply.json) }

    private func refuse(_ error: SpeakError) {
        refusals.note(client: client, door: .listen, code: error.code.rawValue, reason: error.message)
        send(.error(error))
    }
}

extension ListenSession: ContractListener {
    /// Told by who joins and by each of several speakers, the client hears of changes only.
    package func speaking(_ isOn: Bool) async {
        guard isOn != toldSpeaking else { return }
        toldSpeaking = isOn
        send(.speaking(isOn))
        await handle(.speaking(isOn))
    }
}

extension ListenSession: ServedSession {
    package func shutDown() async { await cut() }

    package func cut() async {
        send(.stopped(reason: "server_shutdown"))
        try? await sender.close(WebSocketClosure(1001, "server shutdown"))
    }
}
