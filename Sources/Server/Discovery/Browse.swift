// Looks for appliances on the network.

import CAvahi

package struct Appliance: Sendable, Equatable, Encodable {
    package var name: String
    package var host: String
    package var address: String
    package var port: Int
    /// The TXT record: path, model, quant, auth.
    package var details: [String: String]

    /// With the brackets of an IPv6 address.
    package var url: String {
        let scheme = details["tls"] == "1" ? "https" : "http"
        return address.contains(":") ? "\(scheme)://[\(address)]:\(port)" : "\(scheme)://\(address):\(port)"
    }
}

/// Everything that answers within a moment, by name. Blocks for at most `milliseconds`.
package func findAppliances(type: String = "_makima._tcp", milliseconds: Int = 3000) throws(DiscoveryError)
    -> [Appliance]
{
    let session: AvahiSession
    do { session = try AvahiSession() } catch {
        throw DiscoveryError(
            description: "The network cannot be searched: \(error). Install and start avahi-daemon, and D-Bus with it.")
    }
    let search = Search(session)
    var left = milliseconds
    while left > 0, session.state != .failed {
        if session.state == .running { search.begin(type) }
        session.wait(milliseconds: 50)
        left -= 50
        if search.isComplete { break }
    }
    guard session.state == .running else {
        throw DiscoveryError(
            description:
                "The network cannot be searched: the Avahi daemon does not run. Start it: systemctl start avahi-daemon")
    }
    return search.found.values.sorted { $0.name < $1.name }
}

/// A browser, and a resolver for each name it finds.
@safe private final class Search {
    private let session: AvahiSession
    private var browser: OpaquePointer?
    private var resolvers: [OpaquePointer] = unsafe []
    private var isExhausted = false
    private(set) var found: [String: Appliance] = [:]

    init(_ session: AvahiSession) {
        self.session = session
    }

    deinit {
        while let resolver = unsafe resolvers.popLast() { unsafe _ = avahi_service_resolver_free(resolver) }
        if let browser = unsafe browser { unsafe _ = avahi_service_browser_free(browser) }
    }

    var isComplete: Bool { isExhausted && (unsafe resolvers.isEmpty) }

    func begin(_ type: String) {
        guard unsafe browser == nil else { return }
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe browser = session.withClient { client in
            unsafe avahi_service_browser_new(
                client, AvahiIfIndex(AVAHI_IF_UNSPEC), AvahiProtocol(AVAHI_PROTO_UNSPEC), type, nil,
                AvahiLookupFlags(0),
                { _, interface, proto, event, name, type, domain, _, context in
                    guard let context = unsafe context else { return }
                    let search = unsafe Unmanaged<Search>.fromOpaque(context).takeUnretainedValue()
                    if event == AVAHI_BROWSER_NEW {
                        unsafe search.resolve(interface, proto, name, type, domain)
                    } else if event == AVAHI_BROWSER_ALL_FOR_NOW || event == AVAHI_BROWSER_FAILURE {
                        search.isExhausted = true
                    }
                }, context)
        }
        if unsafe browser == nil { isExhausted = true }
    }

    private func resolve(
        _ interface: AvahiIfIndex, _ proto: AvahiProtocol, _ name: UnsafePointer<CChar>?,
        _ type: UnsafePointer<CChar>?, _ domain: UnsafePointer<CChar>?
    ) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let resolver = unsafe session.withClient { client in
            unsafe avahi_service_resolver_new(
                client, interface, proto, name, type, domain, AvahiProtocol(AVAHI_PROTO_UNSPEC),
                AvahiLookupFlags(0),
                { resolver, _, _, event, name, _, _, host, address, port, details, _, context in
                    guard let context = unsafe context, let resolver = unsafe resolver else { return }
                    let search = unsafe Unmanaged<Search>.fromOpaque(context).takeUnretainedValue()
                    if event == AVAHI_RESOLVER_FOUND, let name = unsafe name, let host = unsafe host {
                        let appliance = unsafe Appliance(
                            name: String(cString: name), host: String(cString: host), address: Search.text(address),
                            port: Int(port), details: Search.fields(details))
                        search.take(appliance)
                    }
                    unsafe search.resolvers.removeAll { $0 == resolver }
                    unsafe _ = avahi_service_resolver_free(resolver)
                }, context)
        }
        if let resolver = unsafe resolver { unsafe resolvers.append(resolver) }
    }

    /// One name may be heard on several interfaces and over both protocols: IPv4 is taken, for every client speaks it.
    private func take(_ appliance: Appliance) {
        if let known = found[appliance.name], !known.address.contains(":") { return }
        found[appliance.name] = appliance
    }

    private static func text(_ address: UnsafePointer<AvahiAddress>?) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        guard let address = unsafe address, unsafe avahi_address_snprint(&buffer, buffer.count, address) != nil else {
            return ""
        }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `name=value` of the TXT record.
    private static func fields(_ list: UnsafeMutablePointer<AvahiStringList>?) -> [String: String] {
        var fields: [String: String] = [:]
        var next = unsafe list
        while let entry = unsafe next {
            var key: UnsafeMutablePointer<CChar>?
            var value: UnsafeMutablePointer<CChar>?
            if unsafe avahi_string_list_get_pair(entry, &key, &value, nil) == 0, let key = unsafe key {
                unsafe fields[String(cString: key)] = value.map { unsafe String(cString: $0) } ?? ""
                unsafe avahi_free(key)
                unsafe avahi_free(value)
            }
            unsafe next = avahi_string_list_get_next(entry)
        }
        return fields
    }
}
