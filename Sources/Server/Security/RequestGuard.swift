// What a request must show before an endpoint sees it: a host name that is ours, an origin that may, a token.

package import NIOHTTP1

package struct RequestGuard: Sendable {
    package var authenticator: Authenticator
    /// Names this server answers to beside addresses and names of a local network.
    package var allowedHosts: Set<String>
    /// Origins of pages elsewhere that may use this server from a browser; "*" for any.
    package var allowedOrigins: Set<String>

    package init(authenticator: Authenticator = .off, allowedHosts: [String] = [], allowedOrigins: [String] = []) {
        self.authenticator = authenticator
        self.allowedHosts = Set(allowedHosts.map { Self.withoutRoot($0.lowercased()) })
        self.allowedOrigins = Set(allowedOrigins)
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
        if changes(head), !isOriginAllowed(head) {
            return .failure(
                .forbidden, "Pages of another origin may not do this. Add the origin to allowed-origins if it may.")
        }
        return nil
    }

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
        guard let origin = head.headers.first(name: "origin") else { return true }
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
        response.headers.add(name: "access-control-allow-methods", value: "GET, POST, DELETE")
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
    func authenticate(_ request: Request) async throws(SpeakError) -> String {
        try await authenticator.subject(of: request.bearerToken).map { "\($0)@\(request.remote)" } ?? request.remote
    }
}
