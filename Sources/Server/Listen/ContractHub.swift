// Joins the two sides of a conversation: sessions that speak and sessions that listen under one `contractId`.

import Synchronization

package protocol ContractSpeaker: AnyObject, Sendable {
    var isSpeaking: Bool { get async }
    /// Stops the sound at once. Returns how far the listener has heard; nil when nothing was being said.
    func interrupt(mayResume: Bool) async -> ServerMessage.Progress?
    /// The interruption was a false start.
    func resume() async
    /// The interruption was meant: what was held is dropped.
    func confirm() async
}

package protocol ContractListener: AnyObject, Sendable {
    func speaking(_ isOn: Bool) async
}

package final class ContractHub: Sendable {
    private struct Members {
        var speakers: [ObjectIdentifier: any ContractSpeaker] = [:]
        var listeners: [ObjectIdentifier: any ContractListener] = [:]
        var isEmpty: Bool { speakers.isEmpty && listeners.isEmpty }
    }

    private let contracts = Mutex<[String: Members]>([:])

    package init() {}

    package var count: Int { contracts.withLock { $0.count } }

    package func add(_ speaker: any ContractSpeaker, to contract: String) {
        contracts.withLock { $0[contract, default: Members()].speakers[ObjectIdentifier(speaker)] = speaker }
    }

    package func remove(_ speaker: any ContractSpeaker, from contract: String) {
        change(contract) { $0.speakers[ObjectIdentifier(speaker)] = nil }
    }

    package func add(_ listener: any ContractListener, to contract: String) {
        contracts.withLock { $0[contract, default: Members()].listeners[ObjectIdentifier(listener)] = listener }
    }

    package func remove(_ listener: any ContractListener, from contract: String) {
        change(contract) { $0.listeners[ObjectIdentifier(listener)] = nil }
    }

    private func change(_ contract: String, _ body: (inout Members) -> Void) {
        contracts.withLock { contracts in
            guard var members = contracts[contract] else { return }
            body(&members)
            contracts[contract] = members.isEmpty ? nil : members
        }
    }

    package func speakers(of contract: String) -> [any ContractSpeaker] {
        contracts.withLock { $0[contract].map { Array($0.speakers.values) } ?? [] }
    }

    package func isSpeaking(_ contract: String) async -> Bool {
        for speaker in speakers(of: contract) where await speaker.isSpeaking { return true }
        return false
    }

    /// A speaker of the contract began or ended.
    func speakingChanged(in contract: String) async {
        let isOn = await isSpeaking(contract)
        let listeners = contracts.withLock { $0[contract].map { Array($0.listeners.values) } ?? [] }
        for listener in listeners { await listener.speaking(isOn) }
    }
}
