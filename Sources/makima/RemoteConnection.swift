import FoundationEssentials
import JSONText
import NIOCore
import NIOHTTP1
import Server
import WebSocketClient

/// Where an appliance is, by its URL.
struct RemoteAddress {
    let url: String
    private let host: String
    private let port: Int
    private let isSecure: Bool
    /// The path of a proxy that the appliance stands behind, as in https://example.org/makima.
    private let prefix: String

    init(_ url: String) throws {
        guard let parts = URL(string: url), let host = parts.host(), !host.isEmpty else {
            throw Failure("\(url) is no address of an appliance. Give one as http://HOST:8012.")
        }
        self.url = url
        self.host = host
        isSecure = parts.scheme == "https"
        port = parts.port ?? (isSecure ? 443 : 80)
        prefix = parts.path().hasSuffix("/") ? String(parts.path().dropLast()) : parts.path()
    }

    /// Where the appliance's WebSocket is.
    fileprivate func target(token: String?) -> WebSocketTarget {
        WebSocketTarget(host: host, port: port, path: prefix + "/api/v1/speak", isSecure: isSecure, token: token)
    }

    /// What the end of a connection means to a person.
    fileprivate func failure(_ failure: WebSocketFailure) -> Failure {
        switch failure {
        case .unreachable(let reason): Failure("No appliance can be reached at \(url): \(reason).")
        case .refused(let status, let body): refusal(status, body)
        case .silent: Failure("The appliance has fallen silent.")
        case .ended: Failure("The appliance ended the connection before the end of the speech.")
        case .broken(let reason): Failure("The connection to the appliance broke: \(reason)")
        }
    }

    private func refusal(_ status: HTTPResponseStatus, _ body: ByteBuffer) -> Failure {
        struct Body: Decodable {
            struct Detail: Decodable { var message: String }
            var error: Detail
        }
        let bytes = Data(body.readableBytesView)
        guard let message = (try? JSONDecoder().decode(Body.self, from: bytes))?.error.message else {
            return Failure("\(url) is no makima: it answers \(status.code) \(status.reasonPhrase).")
        }
        return Failure("The appliance refuses (\(status.code)): \(message)")
    }
}

/// The WebSocket to an appliance, whose failures are sentences. A text's sound fits into memory.
struct RemoteConnection: Sendable {
    private let address: RemoteAddress
    private let socket: WebSocket

    init(to address: RemoteAddress, token: String?) async throws(Failure) {
        self.address = address
        do { socket = try await WebSocket(to: address.target(token: token)) } catch { throw address.failure(error) }
    }

    /// Calls `take` with each message until it returns a value. Ends with an error when the appliance leaves or falls
    /// silent; nil when this task was told to end.
    func receive<Value>(_ take: (WebSocket.Message) throws -> Value?) async throws -> Value? {
        do {
            for try await message in socket.messages {
                if let value = try take(message) { return value }
            }
            return nil
        } catch let failure as WebSocketFailure {
            throw address.failure(failure)
        }
    }

    /// Waits until the kernel has it.
    func send(_ message: some Encodable) async throws { try await socket.send(JSON.encode(message)) }

    /// Ends `receive` for a reason of our own.
    func fail(_ error: any Error) { socket.fail(error) }

    func close() { socket.close() }
}
