// What this server tells the network about itself, kept true while it runs.

import CAvahi
import Glibc
package import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// One service of one kind.
package struct Advertisement: Sendable, Equatable {
    package var type: String
    package var port: Int
    /// TXT record, in order.
    package var details: [String]

    package init(type: String, port: Int, details: [String] = []) {
        self.type = type
        self.port = port
        self.details = details
    }
}

/// Publishes over mDNS until the server stops, and again after the Avahi daemon was away.
package struct Announcement: Service {
    /// The name that people see; nil for "makima on HOST".
    private let name: String?
    /// Asked again and again: what it answers is what is published.
    private let current: @Sendable () -> [Advertisement]
    private let logger: Logger

    package init(name: String?, logger: Logger, _ current: @escaping @Sendable () -> [Advertisement]) {
        self.name = name
        self.logger = logger
        self.current = current
    }

    package func run() async throws {
        let isStopped = Stop()
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await pool.runIfActive { publish(until: isStopped) }
            } onCancel: {
                isStopped.set()
            }
        } onGracefulShutdown: {
            isStopped.set()
        }
        try await pool.shutdownGracefully()
    }

    private final class Stop: Sendable {
        private let flag = Atomic(false)
        func set() { flag.store(true, ordering: .relaxed) }
        var isSet: Bool { flag.load(ordering: .relaxed) }
    }

    /// Waits for the daemon for as long as it takes; says once that it is missing.
    private func publish(until stop: Stop) {
        var hasWarned = false
        while !stop.isSet {
            do throws(DiscoveryError) {
                let session = try AvahiSession()
                try publish(session, until: stop) {
                    if !hasWarned { logger.warning("not announced on the network", metadata: ["error": "\($0)"]) }
                    hasWarned = true
                }
            } catch {
                if !hasWarned {
                    logger.warning(
                        "not announced on the network: the Avahi daemon cannot be reached",
                        metadata: ["error": "\(error)"])
                }
                hasWarned = true
            }
            for _ in 0..<20 where !stop.isSet { usleep(100_000) }
        }
    }

    /// Returns when the daemon went away.
    private func publish(
        _ session: AvahiSession, until stop: Stop, warn: (String) -> Void
    ) throws(DiscoveryError) {
        var group: EntryGroup?
        var published: [Advertisement] = []
        var waited = 0
        var retries = RetryPause()
        var notBefore = ContinuousClock.now
        while !stop.isSet, session.state != .failed {
            let wanted = current()
            switch session.state {
            case .running:
                if group?.hasFailed == true {
                    group = nil  // withdraws what was published of it
                    notBefore = .now + retries.next()
                    if retries.count == 1 { warn("the Avahi daemon refuses the announcement; trying again") }
                }
                if (group == nil || wanted != published) && .now >= notBefore {
                    group = nil  // withdraws the old ones
                    group = try EntryGroup(session, name: name ?? "makima on \(session.hostName)", wanted)
                    published = wanted
                }
                if group?.takeEstablished() == true {
                    retries = RetryPause()
                    logger.info("announced on the network", metadata: ["services": "\(published.map(\.type))"])
                }
            case .registering: group = nil
            case .connecting:
                waited += 1
                if waited == 10 { warn("the Avahi daemon does not run; announced when it comes") }
            case .failed: break
            }
            session.wait(milliseconds: 200)
            if group?.isTaken == true { group?.rename() }
        }
    }
}

/// How long to wait after a failure: twice as long after each, up to five minutes.
struct RetryPause {
    private static let first = Duration.seconds(1)
    private static let longest = Duration.seconds(300)
    private(set) var count = 0

    mutating func next() -> Duration {
        defer { count += 1 }
        return min(Self.first * (1 << min(count, 10)), Self.longest)
    }
}

/// A label of DNS: as many whole characters as its 63 bytes hold.
func serviceLabel(_ name: String) -> String {
    var label = ""
    for character in name {
        guard label.utf8.count + character.utf8.count <= 63 else { break }
        label.append(character)
    }
    return label.isEmpty ? "makima" : label
}

/// Services published together under one name; withdrawn when dropped.
@safe private final class EntryGroup {
    private var group: OpaquePointer?
    private var name: String
    private let services: [Advertisement]
    private let session: AvahiSession
    /// Somebody else has the name.
    private(set) var isTaken = false
    private(set) var hasFailed = false
    private var isEstablished = false

    init(_ session: AvahiSession, name: String, _ services: [Advertisement]) throws(DiscoveryError) {
        self.session = session
        self.services = services
        self.name = serviceLabel(name)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe group = session.withClient { client in
            unsafe avahi_entry_group_new(
                client,
                { _, state, context in
                    guard let context = unsafe context else { return }
                    let group = unsafe Unmanaged<EntryGroup>.fromOpaque(context).takeUnretainedValue()
                    if state == AVAHI_ENTRY_GROUP_COLLISION { group.isTaken = true }
                    if state == AVAHI_ENTRY_GROUP_FAILURE { group.hasFailed = true }
                    if state == AVAHI_ENTRY_GROUP_ESTABLISHED { group.isEstablished = true }
                }, context)
        }
        guard unsafe group != nil else { throw DiscoveryError(description: session.lastError) }
        commit()
    }

    deinit {
        if let group = unsafe group { unsafe _ = avahi_entry_group_free(group) }
    }

    /// Whether the network has heard of it since the last question.
    func takeEstablished() -> Bool {
        defer { isEstablished = false }
        return isEstablished
    }

    /// "makima on box" → "makima on box #2"
    func rename() {
        guard let other = unsafe avahi_alternative_service_name(name) else { return }
        name = unsafe String(cString: other)
        unsafe avahi_free(other)
        isTaken = false
        unsafe avahi_entry_group_reset(group)
        commit()
    }

    private func commit() {
        for service in services {
            var details: UnsafeMutablePointer<AvahiStringList>?
            for text in service.details.reversed() { unsafe details = avahi_string_list_add(details, text) }
            defer { unsafe avahi_string_list_free(details) }
            let code = unsafe avahi_entry_group_add_service_strlst(
                group, AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC),
                AvahiPublishFlags(0), name, service.type, nil, nil, UInt16(service.port), details)
            // Of our own making it can only be another's name on this machine.
            if code == AVAHI_ERR_COLLISION { isTaken = true } else if code < 0 { hasFailed = true }
            if code < 0 { return }
        }
        if !services.isEmpty, unsafe avahi_entry_group_commit(group) < 0 { hasFailed = true }
    }
}
