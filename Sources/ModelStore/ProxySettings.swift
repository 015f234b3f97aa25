// The proxies that the environment names, read as curl and Python read them.

import FoundationEssentials

package struct ProxySettings: Sendable, Equatable {
    struct Proxy: Sendable, Hashable {
        var host: String
        var port: Int
        var user: String?
        var password: String?
        var isSocks: Bool
    }

    private var https: Proxy?
    private var http: Proxy?
    /// Hosts that are reached directly.
    private var exceptions: [String] = []

    /// None.
    package init() {}

    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in small letters or capitals.
    package init(environment: [String: String]) throws(ModelStoreError) {
        func value(_ name: String) -> (name: String, text: String)? {
            for name in [name.lowercased(), name] {
                if let text = environment[name], !text.isEmpty { return (name, text) }
            }
            return nil
        }
        if let (name, text) = value("HTTPS_PROXY") ?? value("ALL_PROXY") { https = try Self.parse(text, name) }
        if let (name, text) = value("HTTP_PROXY") ?? value("ALL_PROXY") { http = try Self.parse(text, name) }
        exceptions = (value("NO_PROXY")?.text ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    var all: Set<Proxy> { Set([https, http].compactMap { $0 }) }

    /// nil when `url` is reached directly.
    func proxy(for url: URL) -> Proxy? {
        guard let host = url.host()?.lowercased(), !isException(host, url.port) else { return nil }
        return url.scheme?.lowercased() == "https" ? https : http
    }

    /// "example.org" and ".example.org" stand for the host and all below it, "*" for every host.
    private func isException(_ host: String, _ port: Int?) -> Bool {
        exceptions.contains { entry in
            if entry == "*" || entry == host { return true }
            var name = entry[...]
            if let colon = entry.lastIndex(of: ":"), let wanted = Int(entry[entry.index(after: colon)...]) {
                guard wanted == port else { return false }
                name = entry[..<colon]
            }
            while name.hasPrefix(".") || name.hasPrefix("*") { name.removeFirst() }
            return !name.isEmpty && (host == name || host.hasSuffix("." + name))
        }
    }

    /// "http://name:password@host:port", or without the scheme.
    private static func parse(_ text: String, _ name: String) throws(ModelStoreError) -> Proxy {
        guard let url = URL(string: text.contains("://") ? text : "http://" + text), let host = url.host(),
            !host.isEmpty, let scheme = url.scheme?.lowercased()
        else { throw .badProxy(variable: name, reason: "it is no address such as http://proxy.example.org:3128") }
        let isSocks = scheme.hasPrefix("socks5") || scheme == "socks"
        guard isSocks || scheme == "http" else {
            throw .badProxy(variable: name, reason: "makima speaks to proxies of the kinds http and socks5")
        }
        guard !isSocks || url.user() == nil else {
            throw .badProxy(variable: name, reason: "a socks5 proxy with a password is not supported")
        }
        return Proxy(
            host: host, port: url.port ?? (isSocks ? 1080 : 80), user: url.user(percentEncoded: false),
            password: url.password(percentEncoded: false), isSocks: isSocks)
    }
}
