// Requests and responses as endpoints see them.

import FoundationEssentials
import JSONText
package import NIOCore
package import NIOHTTP1

package struct Request {
    package let head: HTTPRequestHead
    /// Percent-decoded segments of the path.
    package let path: [String]
    package let query: [String: String]
    /// What the route's `:name` segments matched.
    package var parameters: [String: String] = [:]
    package let body: RequestBody
    /// The address of the client's end, without the port.
    package let remote: String
    /// Whom the request comes from, for fair shares: the token's subject, or the address.
    package var client: String

    package func header(_ name: String) -> String? { head.headers.first(name: name) }

    package var bearerToken: String? { Server.bearerToken(head.headers) }
}

/// The token of `Authorization: Bearer …`.
func bearerToken(_ headers: HTTPHeaders) -> String? {
    guard let value = headers.first(name: "authorization"), value.prefix(7).lowercased() == "bearer " else {
        return nil
    }
    return String(value.dropFirst(7).drop { $0 == " " })
}

package struct Response: Sendable {
    package enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Written piece by piece; each `write` returns when the kernel has taken the bytes.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
    }

    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: Body

    package init(_ status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: Body = .bytes(ByteBuffer())) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(_ status: HTTPResponseStatus = .ok, _ contentType: String, _ text: String) {
        self.init(status, headers: ["content-type": contentType], body: .bytes(ByteBuffer(string: text)))
    }

    /// Sorted keys, so that the same value is always the same bytes.
    package static func json(_ value: some Encodable, _ status: HTTPResponseStatus = .ok) -> Response {
        Response(status, "application/json", JSON.encode(value))
    }

    package static func error(_ error: SpeakError) -> Response {
        var response = Response.json(HTTPErrorBody(error), HTTPResponseStatus(statusCode: error.code.httpStatus))
        if let wait = error.retryAfter {
            response.headers.add(name: "retry-after", value: String(max(1, wait.components.seconds)))
        }
        if error.code == .unauthorized { response.headers.add(name: "www-authenticate", value: "Bearer") }
        return response
    }

    /// An error that has no code of its own.
    package static func failure(_ status: HTTPResponseStatus, _ message: String, field: String? = nil) -> Response {
        let code = status.reasonPhrase.uppercased().map { $0.isLetter ? $0 : "_" }
        return .json(HTTPErrorBody(error: .init(code: String(code), message: message, field: field)), status)
    }
}

/// `{"error":{"code":…,"message":…}}`, and the field of the request that was wrong.
struct HTTPErrorBody: Encodable {
    struct Detail: Encodable {
        var code: String
        var message: String
        var field: String?
        var retryAfterMs: Int?
    }
    var error: Detail

    init(error: Detail) {
        self.error = error
    }

    init(_ error: SpeakError) {
        self.error = Detail(
            code: error.code.rawValue, message: error.message, field: error.field,
            retryAfterMs: error.retryAfter?.milliseconds)
    }
}

/// What an error of any shape says, for the log: OpenAI's and ours both have `error.message` and perhaps `error.code`.
struct HTTPErrorNote {
    private struct Body: Decodable {
        struct Detail: Decodable { var code, message: String? }
        var error: Detail
    }

    var code: String?
    var message: String?

    /// nil when the answer is no error.
    init?(_ response: Response) {
        guard case .bytes(let bytes) = response.body,
            let body = try? JSONDecoder().decode(Body.self, from: Data(bytes.readableBytesView))
        else { return nil }
        code = body.error.code
        message = body.error.message
    }
}

extension HTTPResponseStatus {
    /// Of no standard, but known to those who read logs.
    static let clientClosedRequest = HTTPResponseStatus.custom(code: 499, reasonPhrase: "Client Closed Request")
}

/// The sending half of a streamed response.
package struct ResponseWriter: Sendable {
    let channel: any Channel

    package func write(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(ResponsePart.body(bytes)).get()
    }
}

/// What an endpoint throws to answer with something other than its usual response.
package struct HTTPFailure: Error {
    let status: HTTPResponseStatus
    let message: String
    /// What of the request was wrong, where it was one thing.
    let field: String?

    package init(_ status: HTTPResponseStatus, _ message: String, field: String? = nil) {
        self.status = status
        self.message = message
        self.field = field
    }

    package var response: Response { .failure(status, message, field: field) }
}

/// The body of a request, read from the connection piece by piece.
package final class RequestBody {
    private let beforeFirst: () async throws -> Void
    private var parts: NIOAsyncChannelInboundStream<RequestPart>.AsyncIterator?
    private var hasStarted = false
    private(set) var isAtEnd: Bool

    /// `beforeFirst` runs when somebody begins to read: that is when a client that asked is told to go on.
    init(
        _ parts: NIOAsyncChannelInboundStream<RequestPart>.AsyncIterator, beforeFirst: @escaping () async throws -> Void
    ) {
        self.parts = parts
        self.beforeFirst = beforeFirst
        isAtEnd = false
    }

    /// The next piece; nil at the end.
    package func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        if !hasStarted {
            hasStarted = true
            try await beforeFirst()
        }
        switch try await parts?.next(isolation: #isolation) {
        case .body(let bytes): return bytes
        case .end, .head, nil:
            isAtEnd = true
            return nil
        }
    }

    /// All of it, refused with 413 when it is longer than `limit` bytes.
    package func collect(limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        while let piece = try await next() {
            guard whole.readableBytes + piece.readableBytes <= limit else {
                throw HTTPFailure(.payloadTooLarge, "The body is longer than \(limit) bytes.")
            }
            whole.writeImmutableBuffer(piece)
        }
        return whole
    }
}
