// One HTTP/1.1 connection: requests in, responses out, one after the other.

import Logging
import NIOCore
import NIOHTTP1

struct HTTPConnection: Sendable {
    private let router: Router
    private let requestGuard: RequestGuard
    private let refusals: RefusalLog
    private let logger: Logger

    /// `refusals` is shared by the connections of a door, so that a flood is one flood.
    init(router: Router, requestGuard: RequestGuard, logger: Logger, refusals: RefusalLog? = nil) {
        self.router = router
        self.requestGuard = requestGuard
        self.logger = logger
        self.refusals = refusals ?? RefusalLog(logger)
    }

    /// Writes go to the channel itself and are awaited: leaving `executeThenClose` cuts off what its own writer still holds
    /// (swift-nio #2757), and that writer lets a producer run far ahead of a slow reader.
    func run(_ connection: HTTPChannel) async throws {
        let channel = connection.channel
        let remote = channel.remoteAddress?.ipAddress ?? "local"
        try await connection.executeThenClose { inbound, _ in
            var parts = inbound.makeAsyncIterator()
            while case .head(let head)? = try await parts.next(isolation: #isolation) {
                let body = RequestBody(parts) {
                    guard head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
                    else { return }
                    try await channel.writeAndFlush(
                        ResponsePart.head(HTTPResponseHead(version: head.version, status: .continue))
                    ).get()
                }
                var response = await respond(to: head, body, remote: remote)
                // It is not our shutdown, then, that cancelled the endpoint.
                if Task.isCancelled, !channel.isActive {
                    response = .failure(.clientClosedRequest, "The client has gone.")
                }
                if response.status.code >= 400 { note(response, head, remote) }
                let keepAlive = try await write(response, to: head, on: channel, after: body)
                guard keepAlive else { return }
                // The next request begins where this body ends.
                while try await body.next() != nil {}
            }
        }
    }

    /// A status that says how things are, as `/ready` does while the model loads, refuses nobody.
    private func note(_ response: Response, _ head: HTTPRequestHead, _ remote: String) {
        guard let error = HTTPErrorNote(response) else { return }
        refusals.note(
            client: remote, door: .http, code: error.code ?? "\(response.status.code)",
            reason: error.message ?? response.status.reasonPhrase,
            more: ["request": "\(head.method) \(head.path)", "status": "\(response.status.code)"])
    }

    private func respond(to head: HTTPRequestHead, _ body: RequestBody, remote: String) async -> Response {
        guard let target = RequestTarget(head.uri) else { return .failure(.badRequest, "The path cannot be read.") }
        var request = Request(
            head: head, path: target.path, query: target.query, body: body, remote: remote, client: remote)
        if let refusal = requestGuard.refusal(of: head) { return refusal }
        if head.method == .OPTIONS {
            return head.headers.contains(name: "origin") ? requestGuard.preflight(head) : router.options(target)
        }
        var response: Response
        do {
            response = try await dispatch(&request)
        } catch let failure as HTTPFailure {
            response = failure.response
        } catch let error as SpeakError {
            response = .error(error)
        } catch let error as VoiceError {
            response = .voiceError(error)
        } catch is HTTPParserError {
            response = .failure(.badRequest, "The request breaks off or cannot be read.")
        } catch is CancellationError {
            response = .failure(.serviceUnavailable, "The server is shutting down.")
        } catch {
            logger.error("request failed", metadata: ["path": "\(head.path)", "error": "\(error)"])
            response = .failure(.internalServerError, "The server failed; its log says why.")
        }
        requestGuard.addHeaders(to: &response, for: head)
        return response
    }

    private func dispatch(_ request: inout Request) async throws -> Response {
        switch router.match(request.head.method, request.path) {
        case .notFound:
            return .failure(.notFound, "There is nothing at \(request.head.path). See /openapi.json for what there is.")
        case .methodNotAllowed(let allowed):
            var response = Response.failure(.methodNotAllowed, "\(request.head.method) is not possible here.")
            response.headers.add(name: "allow", value: allowed.map(\.rawValue).joined(separator: ", "))
            return response
        case .route(let route, let parameters):
            request.parameters = parameters
            if route.access == .player, requestGuard.isFromElsewhere(request.head) { return RequestGuard.foreignPage }
            if route.access != .open { request.client = try await requestGuard.authenticate(request, route.access) }
            return try await route.handler(request)
        }
    }

    /// Returns whether another request may follow.
    private func write(
        _ response: Response, to request: HTTPRequestHead, on channel: any Channel, after body: RequestBody
    ) async throws -> Bool {
        var head = HTTPResponseHead(version: request.version, status: response.status, headers: response.headers)
        // A body that nobody wanted is not waited for when it could be long.
        let keepAlive = request.isKeepAlive && (body.isAtEnd || !Self.mayHaveLongBody(request))
        if !keepAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
        switch response.body {
        case .bytes(let bytes):
            head.headers.replaceOrAdd(name: "content-length", value: String(bytes.readableBytes))
            channel.write(ResponsePart.head(head), promise: nil)
            if request.method != .HEAD, bytes.readableBytes > 0 {
                channel.write(ResponsePart.body(bytes), promise: nil)
            }
            try await channel.writeAndFlush(ResponsePart.end(nil)).get()
        case .stream(let produce):
            // A stream to an HTTP/1.0 client ends with the connection.
            let last = request.version != .http1_1
            try await channel.writeAndFlush(ResponsePart.head(head)).get()
            if request.method != .HEAD { try await produce(ResponseWriter(channel: channel)) }
            try await channel.writeAndFlush(ResponsePart.end(nil)).get()
            return keepAlive && !last
        }
        return keepAlive
    }

    private static func mayHaveLongBody(_ head: HTTPRequestHead) -> Bool {
        if head.headers.contains(name: "transfer-encoding") { return true }
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        return length > 65_536
    }
}

extension HTTPRequestHead {
    /// The target without its query, for the log: that may hold a token, or what is to be said.
    fileprivate var path: Substring { uri.prefix { $0 != "?" } }
}
