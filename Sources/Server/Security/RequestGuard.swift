// What a request must show before an endpoint sees it: a host name that is ours, an origin that may, a token.

package import NIOHTTP1

package struct RequestGuard: Sendable {
    package var authenticator: Authenticator
    /// Names this server answers to beside addresses and names of a local network.
    package var allowedHosts: Set<String>
    /// Origins of pages elsewhere that may use this server from a browser; "*" for any.
    package var allowedOrigins: Set<String>
    /// Whether a media player's address may hold the token.
    package var takesTokenInAddress: Bool

    package init(
        authenticator: Authenticator = .off, allowedHosts: [String] = [], allowedOrigins: [String] = [],
        takesTokenInAddress: Bool = false
    ) {
        self.authenticator = authenticator
        self.allowedHosts = Set(allowedHosts.map { Self.withoutRoot($0.lowercased()) })
        self.allowedOrigins = Set(allowedOrigins)
        self.takesTokenInAddress = takesTokenInAddress
    }

    /// Names that nobody can point here from the public internet, so that a hostile page cannot reach us under its own name.
    private static let localSuffixes = [".localhost", ".local", ".lan", ".home.arpa", ".internal"]

    package func refusal(of head: HTTPRequestHead) -> Response? {
        let hosts = head.headers["host"]
        guard hosts.count == 1 || (hosts.isEmpty && head.version != .http1_1) else {
            return .failure(.badRequest, "A request needs one Host header.")
        }
        if let host = Self.host(of: head), !isOurs(host) {
            return .failure(
                .misdirectedRequest,
                "This server does not answer to the name \(host). Add it to allowed-hosts if it should.")
        }
        if changes(head), !isOriginAllowed(head) { return Self.foreignPage }
        return nil
    }

    static let foreignPage = Response.failure(
        .forbidden, "Pages of another origin may not do this. Add the origin to allowed-origins if it may.")

    /// GET and HEAD change nothing, and without CORS a page of another origin cannot read the answer.
    private func changes(_ head: HTTPRequestHead) -> Bool {
        // The upgrade itself may have been taken off the head already.
        head.headers.contains(name: "sec-websocket-key") || ![.GET, .HEAD, .OPTIONS].contains(head.method)
    }

    /// Host and port that the request is for.
    private static func host(of head: HTTPRequestHead) -> String? {
        RequestTarget(head.uri)?.authority ?? head.headers.first(name: "host")
    }

    func isOurs(_ host: String) -> Bool {
        let name = Self.withoutRoot(Self.name(of: host).lowercased())
        if name.isEmpty { return false }
        if name.hasPrefix("[") || name.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) { return true }
        if !name.contains(".") || allowedHosts.contains(name) { return true }
        return Self.localSuffixes.contains { name.hasSuffix($0) }
    }

    /// Without the port. "[::1]:80" → "[::1]".
    private static func name(of host: String) -> Substring {
        if host.hasPrefix("[") { return host.firstIndex(of: "]").map { host[...$0] } ?? "" }
        return host.prefix { $0 != ":" }
    }

    /// "makima.local." → "makima.local": the dot of the root changes nothing.
    private static func withoutRoot(_ name: String) -> String {
        name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    func isOriginAllowed(_ head: HTTPRequestHead) -> Bool {
        head.headers.first(name: "origin").map { isAllowed($0, head) } ?? true
    }

    /// Whether a page of another site opens an address, as an image or a sound on it: no `Origin` comes with that. Browsers tell
    /// it by `Referer`, and by `Sec-Fetch-Site` where the connection is one that they trust. One that was made to tell neither is
    /// not believed, unless a person opens the address in it.
    func isFromElsewhere(_ head: HTTPRequestHead) -> Bool {
        if head.headers.contains(name: "origin") { return !isOriginAllowed(head) }
        if let referer = head.headers.first(name: "referer") {
            return Self.origin(of: referer).map { !isAllowed($0, head) } ?? true
        }
        if let site = head.headers.first(name: "sec-fetch-site") { return !["same-origin", "none"].contains(site) }
        let isBrowser = head.headers.first(name: "user-agent")?.hasPrefix("Mozilla/") ?? false
        return isBrowser && !head.headers.contains(name: "upgrade-insecure-requests")
    }

    /// "https://a.example/b?c" → "https://a.example"; nil when it is no address.
    private static func origin(of address: String) -> String? {
        guard let scheme = address.firstRange(of: "://") else { return nil }
        let host = address[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return host.isEmpty || host.contains("@") ? nil : String(address[..<scheme.upperBound] + host)
    }

    private func isAllowed(_ origin: String, _ head: HTTPRequestHead) -> Bool {
        if allowedOrigins.contains("*") || allowedOrigins.contains(origin) { return true }
        guard let scheme = origin.firstRange(of: "://") else { return false }
        return origin[scheme.upperBound...].lowercased() == Self.host(of: head)?.lowercased()
    }

    /// Answers a browser that asks before a request of another origin.
    func preflight(_ head: HTTPRequestHead) -> Response {
        var response = Response(.noContent)
        addHeaders(to: &response, for: head)
        guard response.headers.contains(name: "access-control-allow-origin") else {
            return .failure(.forbidden, "Pages of another origin may not use this server. See allowed-origins.")
        }
        response.headers.add(name: "access-control-allow-methods", value: "GET, POST, PATCH, DELETE")
        response.headers.add(name: "access-control-allow-headers", value: Self.requestedHeaders(head))
        response.headers.add(name: "vary", value: "access-control-request-headers")
        response.headers.add(name: "access-control-max-age", value: "600")
        return response
    }

    /// Whatever is asked for: an origin that may send requests may send headers with them. OpenAI's SDK has a dozen of its own
    /// (`x-stainless-…`), with each version another.
    private static func requestedHeaders(_ head: HTTPRequestHead) -> String {
        let asked = head.headers[canonicalForm: "access-control-request-headers"].map { $0.lowercased() }
        let names = asked.filter { name in
            !name.isEmpty
                && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
        }
        let usual = ["authorization", "content-type"]
        return (usual + names.filter { !usual.contains($0) }).prefix(64).joined(separator: ", ")
    }

    /// What a page of another origin may read beside the body.
    private static let exposedHeaders = "location, retry-after, x-sample-rate"

    func addHeaders(to response: inout Response, for head: HTTPRequestHead) {
        response.headers.replaceOrAdd(name: "x-content-type-options", value: "nosniff")
        guard !allowedOrigins.isEmpty else { return }
        // Also without an Origin: a cache must not give this answer to a page.
        response.headers.add(name: "vary", value: "origin")
        guard let origin = head.headers.first(name: "origin"),
            allowedOrigins.contains("*") || allowedOrigins.contains(origin)
        else { return }
        response.headers.replaceOrAdd(name: "access-control-allow-origin", value: origin)
        response.headers.replaceOrAdd(name: "access-control-expose-headers", value: Self.exposedHeaders)
    }

    /// Whom the request comes from, for fair shares.
    func authenticate(_ request: Request, _ access: Router.Access) async throws(SpeakError) -> String {
        let token = try token(of: request, access)
        return try await authenticator.subject(of: token).map { "\($0)@\(request.remote)" } ?? request.remote
    }

    private func token(of request: Request, _ access: Router.Access) throws(SpeakError) -> String? {
        if let token = request.bearerToken { return token }
        guard access == .player, let token = request.query["token"], authenticator.isOn else { return nil }
        guard takesTokenInAddress else {
            throw SpeakError(
                .unauthorized, "This server takes no token in an address: its setting token-in-address allows it.",
                field: "token")
        }
        return token
    }
}
