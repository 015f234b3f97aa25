// Sessions in progress, so that a stopping server can say goodbye to each.

import Synchronization

package protocol ServedSession: AnyObject, Sendable {
    /// Finish what is being said, then end.
    func shutDown() async
    /// End now.
    func cut() async
}

package final class SessionRegistry: Sendable {
    private let sessions = Mutex<[ObjectIdentifier: any ServedSession]>([:])

    package init() {}

    package var count: Int { sessions.withLock { $0.count } }
    package var all: [any ServedSession] { sessions.withLock { Array($0.values) } }

    package func add(_ session: any ServedSession) {
        sessions.withLock { $0[ObjectIdentifier(session)] = session }
    }

    package func remove(_ session: any ServedSession) {
        sessions.withLock { $0[ObjectIdentifier(session)] = nil }
    }
}
