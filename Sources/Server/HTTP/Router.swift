// Which endpoint answers a path.

package import NIOHTTP1

package struct Router: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response

    package struct Route: Sendable {
        package let method: HTTPMethod
        /// Segments; one that begins with a colon matches any and is named by the rest.
        package let pattern: [String]
        package let access: Access
        let handler: Handler
    }

    /// Who may come to a route.
    package enum Access: Sendable {
        /// Everybody: health, metrics, the page.
        case open
        /// Whoever has a token, where tokens are asked for at all.
        case token
        /// The same for an address that does something when it is only opened: never a page of another site, and the token may
        /// be in the address where the settings allow it.
        case player
    }

    package private(set) var routes: [Route] = []

    package init() {}

    package mutating func on(
        _ method: HTTPMethod, _ pattern: String, access: Access = .token, _ handler: @escaping Handler
    ) {
        let segments = pattern.split(separator: "/").map(String.init)
        routes.append(Route(method: method, pattern: segments, access: access, handler: handler))
    }

    enum Match {
        case route(Route, parameters: [String: String])
        case methodNotAllowed(allowed: [HTTPMethod])
        case notFound
    }

    func match(_ method: HTTPMethod, _ path: [String]) -> Match {
        var allowed: [HTTPMethod] = []
        for route in routes {
            guard let parameters = Self.parameters(of: path, in: route.pattern) else { continue }
            // A HEAD is a GET whose body is left out by the connection.
            if route.method == method || (method == .HEAD && route.method == .GET) {
                return .route(route, parameters: parameters)
            }
            allowed.append(route.method)
        }
        return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed: allowed)
    }

    /// What may be done at a path; `*` asks about the server as a whole.
    func options(_ target: RequestTarget) -> Response {
        let methods = routes.filter { target.path == ["*"] || Self.parameters(of: target.path, in: $0.pattern) != nil }
            .map(\.method.rawValue)
        guard !methods.isEmpty else { return .failure(.notFound, "There is nothing at this path.") }
        let allowed = Set(methods + ["OPTIONS"] + (methods.contains("GET") ? ["HEAD"] : []))
        return Response(.noContent, headers: ["allow": allowed.sorted().joined(separator: ", ")])
    }

    private static func parameters(of path: [String], in pattern: [String]) -> [String: String]? {
        guard path.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (wanted, segment) in zip(pattern, path) {
            if wanted.hasPrefix(":") {
                parameters[String(wanted.dropFirst())] = segment
            } else if wanted != segment {
                return nil
            }
        }
        return parameters
    }
}

/// A request target taken apart: path segments and query, percent-decoded.
package struct RequestTarget: Equatable {
    package var path: [String]
    package var query: [String: String] = [:]
    /// Host and port of a target in absolute form, which count instead of the `Host` header (RFC 9112 §3.2.2).
    package var authority: String?

    /// nil when an escape is broken, the bytes are not UTF-8, or a segment would leave its folder.
    package init?(_ uri: String) {
        var rest = uri[...]
        for scheme in ["http://", "https://"] where uri.prefix(scheme.count).lowercased() == scheme {
            rest = uri.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            // RFC 9110 §4.2.4: a name and a password before the host are for deceiving people.
            guard !rest[..<end].isEmpty, !rest[..<end].contains("@") else { return nil }
            authority = String(rest[..<end])
            rest = rest[end...]
        }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = []
        for segment in parts[0].split(separator: "/") {
            guard let decoded = Self.decode(segment, plusIsSpace: false), decoded != "..", decoded != "." else {
                return nil
            }
            guard !decoded.contains("/"), !decoded.contains("\0") else { return nil }
            path.append(decoded)
        }
        guard parts.count > 1 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(sides[0], plusIsSpace: true),
                let value = Self.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            query[name] = value
        }
    }

    private static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                // `UInt8(_:radix:)` would take a sign for the first digit.
                let digits = Substring(rest.prefix(2))
                guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
                else { return nil }
                rest = rest.dropFirst(2)
                bytes.append(value)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
