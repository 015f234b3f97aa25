// A connection to the Avahi daemon, driven by the one thread that made it. With the two beside it the only files that know
// the Avahi client library.

import CAvahi

package struct DiscoveryError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
}

@safe final class AvahiSession {
    enum State { case connecting, running, registering, failed }

    private let poll: OpaquePointer
    private var client: OpaquePointer?
    private(set) var state = State.connecting

    /// Does not need a daemon: the state tells when there is one. Needs the system's message bus.
    init() throws(DiscoveryError) {
        guard let poll = unsafe avahi_simple_poll_new() else {
            throw DiscoveryError(description: "There is no memory.")
        }
        unsafe self.poll = poll
        var code: Int32 = 0
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe client = avahi_client_new(
            avahi_simple_poll_get(poll), AVAHI_CLIENT_NO_FAIL,
            { client, state, context in
                guard let context = unsafe context else { return }
                let session = unsafe Unmanaged<AvahiSession>.fromOpaque(context).takeUnretainedValue()
                session.take(state)
            }, context, &code)
        // On failure `deinit` frees the poll.
        guard unsafe client != nil else { throw DiscoveryError(description: Self.message(code)) }
    }

    deinit {
        if let client = unsafe client { unsafe avahi_client_free(client) }
        unsafe avahi_simple_poll_free(poll)
    }

    private func take(_ raw: AvahiClientState) {
        switch raw {
        case AVAHI_CLIENT_S_RUNNING: state = .running
        case AVAHI_CLIENT_S_REGISTERING, AVAHI_CLIENT_S_COLLISION: state = .registering
        case AVAHI_CLIENT_FAILURE: state = .failed
        default: state = .connecting
        }
    }

    /// Handles what happens within `milliseconds`.
    func wait(milliseconds: Int32) {
        if unsafe avahi_simple_poll_iterate(poll, milliseconds) != 0 { state = .failed }
    }

    func withClient<Result>(_ body: (OpaquePointer) -> Result?) -> Result? {
        guard let client = unsafe client else { return nil }
        return unsafe body(client)
    }

    var hostName: String {
        let name: String? = unsafe withClient { client in
            unsafe avahi_client_get_host_name(client).map { unsafe String(cString: $0) }
        }
        return name ?? "this machine"
    }

    var lastError: String {
        unsafe withClient { client in Self.message(unsafe avahi_client_errno(client)) } ?? "no connection"
    }

    static func message(_ code: Int32) -> String { unsafe String(cString: avahi_strerror(code)) }
}
