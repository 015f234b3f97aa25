// One GET, as a careful client makes it: redirects bounded, never to plain text and never from the internet to the network
// at hand, the token to the hub's own host only, and every failure sorted into "may pass if tried again" and "will not".

import Addresses
import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

package struct HubConfiguration: Sendable {
    package var endpoint = "https://huggingface.co"
    package var token: String?
    package var userAgent = "makima"
    package var proxies = ProxySettings()
    package var connectTimeout: Duration = .seconds(15)
    /// A transfer that brings nothing for this long is given up and taken up again.
    package var stallTimeout: Duration = .seconds(30)
    /// Tries that bring nothing new before giving up.
    package var attempts = 6
    /// Before the second try; doubles with each further one.
    package var firstDelay: Duration = .seconds(1)
    /// A server that asks for a longer pause is taken at its word: the command ends and says so.
    package var longestDelay: Duration = .seconds(120)

    package init() {}
}

struct TransferFailure: Error {
    let error: ModelStoreError
    var mayPass = false
    var retryAfter: Duration?
}

struct HubTransport: Sendable {
    /// One for each proxy, and one that goes directly.
    private let clients: [ProxySettings.Proxy?: HTTPClient]
    let configuration: HubConfiguration

    static let redirectLimit = 10

    init(_ configuration: HubConfiguration) {
        var clients: [ProxySettings.Proxy?: HTTPClient] = [:]
        for proxy in [nil] + configuration.proxies.all.map(Optional.some) {
            clients[proxy] = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: Self.settings(configuration, proxy))
        }
        self.clients = clients
        self.configuration = configuration
    }

    private static func settings(
        _ configuration: HubConfiguration, _ proxy: ProxySettings.Proxy?
    ) -> HTTPClient.Configuration {
        var settings = HTTPClient.Configuration()
        settings.redirectConfiguration = .disallow
        settings.httpVersion = .http1Only
        settings.timeout = .init(
            connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.stallTimeout))
        settings.connectionPool.retryConnectionEstablishment = false
        settings.proxy = proxy.map { proxy in
            if proxy.isSocks { return .socksServer(host: proxy.host, port: proxy.port) }
            let authorization = proxy.user.map { user in
                HTTPClient.Authorization.basic(username: user, password: proxy.password ?? "")
            }
            return .server(host: proxy.host, port: proxy.port, authorization: authorization)
        }
        return settings
    }

    func shutDown() async {
        // Only a second shutdown fails, and there is none.
        for client in clients.values { try? await client.shutdown() }
    }

    /// The answer's head, with status 200, 206 or 416, its body still to come.
    func get(_ address: String, _ fields: HTTPHeaders = [:], name: String) async throws(TransferFailure)
        -> HTTPClientResponse
    {
        guard let endpoint = URL(string: configuration.endpoint), var url = URL(string: address),
            Self.origin(endpoint) != nil
        else {
            throw TransferFailure(error: .refused(url: address, reason: "it is not an http or https address"))
        }
        for _ in 0...Self.redirectLimit {
            let response = try await send(url, fields, withToken: Self.origin(url) == Self.origin(endpoint))
            guard (300..<400).contains(response.status.code), response.status != .notModified else {
                try check(response, url, name: name)
                return response
            }
            url = try Self.target(of: response, from: url, startingAt: endpoint)
        }
        throw TransferFailure(
            error: .refused(url: address, reason: "it redirects more than \(Self.redirectLimit) times"))
    }

    private func send(_ url: URL, _ fields: HTTPHeaders, withToken: Bool) async throws(TransferFailure)
        -> HTTPClientResponse
    {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers = fields
        request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
        if withToken, let token = configuration.token {
            request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)")
        }
        do {
            // The whole transfer may take hours; silence is bounded by the client's read timeout.
            let proxy = configuration.proxies.proxy(for: url)
            guard let client = clients[proxy] else { preconditionFailure("there is a client for each proxy") }
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw Self.failure(error, url)
        }
    }

    private static func target(
        of response: HTTPClientResponse, from url: URL, startingAt endpoint: URL
    ) throws(TransferFailure) -> URL {
        guard let location = response.headers.first(name: "Location"),
            let target = URL(string: location, relativeTo: url)?.absoluteURL, origin(target) != nil
        else {
            throw TransferFailure(error: .refused(url: "\(url)", reason: "it redirects to no http or https address"))
        }
        guard url.scheme?.lowercased() == "http" || target.scheme?.lowercased() == "https" else {
            throw TransferFailure(error: .refused(url: "\(url)", reason: "it redirects from https to plain http"))
        }
        // A mirror on one's own network may send to its neighbours; the internet has no business there.
        let isAtHand = AddressScope(host: target.host() ?? "") != .world
        guard !isAtHand || AddressScope(host: endpoint.host() ?? "") != .world else {
            throw TransferFailure(
                error: .refused(
                    url: shown(url), reason: "it redirects to \(target.host() ?? ""), which is on this network"))
        }
        return target
    }

    /// Scheme, host and port; nil for anything but http and https.
    static func origin(_ url: URL) -> String? {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), let host = url.host(),
            !host.isEmpty
        else { return nil }
        return "\(scheme)://\(host.lowercased()):\(url.port ?? (scheme == "https" ? 443 : 80))"
    }

    // MARK: Sorting failures

    private func check(_ response: HTTPClientResponse, _ url: URL, name: String) throws(TransferFailure) {
        let shown = Self.shown(url)
        let status = "status \(response.status.code)"
        switch response.status.code {
        case 200, 206, 416: return
        case 401, 403:
            // The hub answers 401 for what does not exist, too, and says which in a header.
            let isUnknown = response.headers.first(name: "X-Error-Code").map { $0.hasSuffix("NotFound") } ?? false
            throw TransferFailure(error: isUnknown ? .notOnHub(name) : .notAuthorized(name))
        case 404: throw TransferFailure(error: .notOnHub(name))
        case 408, 429, 500...599:
            throw TransferFailure(
                error: .unavailable(url: shown, reason: status), mayPass: true,
                retryAfter: Self.retryAfter(response.headers.first(name: "Retry-After")))
        default: throw TransferFailure(error: .unavailable(url: shown, reason: status))
        }
    }

    /// Seconds, or a date.
    static func retryAfter(_ field: String?, now: Date = Date()) -> Duration? {
        guard let field else { return nil }
        if let seconds = Int(field) { return seconds >= 0 ? .seconds(min(seconds, 1_000_000)) : nil }
        guard let date = date(field) else { return nil }
        return .seconds(max(0, min(date.timeIntervalSince(now), 1_000_000)))
    }

    /// "Wed, 25 Nov 2026 15:04:05 GMT", the one form that servers may send.
    private static func date(_ text: String) -> Date? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return try? Date("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z", strategy: .iso8601)
    }

    private static let unreachable = [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENETDOWN]

    static func failure(_ error: any Error, _ url: URL) -> TransferFailure {
        let host = url.host() ?? "\(url)"
        switch error {
        case let error as HTTPClientError where error == .readTimeout:
            return TransferFailure(error: .unavailable(url: shown(url), reason: "it went silent"), mayPass: true)
        case let error as HTTPClientError where error == .connectTimeout:
            return TransferFailure(error: .offline(host: host, reason: "no answer"))
        case let error as NIOConnectionError:
            let isUnknown = error.connectionErrors.isEmpty
            return TransferFailure(
                error: .offline(host: host, reason: isUnknown ? "its name is not known" : "the connection is refused"))
        case let error as IOError where unreachable.contains(error.errnoCode):
            return TransferFailure(error: .offline(host: host, reason: "the connection is refused"))
        case is NIOSSLError, is BoringSSLError:
            return TransferFailure(
                error: .offline(host: host, reason: "no secure connection: \(error); is the clock right?"))
        case let error as HTTPClientError where error == .proxyAuthenticationRequired:
            return TransferFailure(
                error: .offline(
                    host: host, reason: "the proxy asks for a name and a password: http://NAME:PASSWORD@HOST:PORT"))
        case let error as HTTPClientError where error == .invalidProxyResponse:
            return TransferFailure(error: .offline(host: host, reason: "the proxy does not let us through"))
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return TransferFailure(error: .unavailable(url: shown(url), reason: "it hung up"), mayPass: true)
        default:
            return TransferFailure(error: .unavailable(url: shown(url), reason: "\(error)"), mayPass: true)
        }
    }

    /// Without the query, where signed addresses carry their secrets.
    static func shown(_ url: URL) -> String {
        let text = url.absoluteString
        return String(text.prefix { $0 != "?" && $0 != "#" })
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .nanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }
}
