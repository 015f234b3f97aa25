import Files
package import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why there is no WebSocket, or none any more.
package enum WebSocketFailure: Error, Sendable, CustomStringConvertible {
    /// Nobody could be asked. The reason is a clause, as in "nothing answers there".
    case unreachable(reason: String)
    /// The server answered the handshake as a web server would: with the beginning of that answer's body.
    case refused(HTTPResponseStatus, body: ByteBuffer)
    /// Nothing came for a minute, not even a ping.
    case silent
    /// The server left.
    case ended
    case broken(reason: String)

    package var description: String {
        switch self {
        case .unreachable(let reason): "nobody could be reached: \(reason)"
        case .refused(let status, _): "the WebSocket was refused: \(status.code) \(status.reasonPhrase)"
        case .silent: "the server has fallen silent"
        case .ended: "the server closed the connection"
        case .broken(let reason): "the connection broke: \(reason)"
        }
    }

    /// What `error` means to a person who wanted to connect.
    init(connecting error: any Error) { self = .unreachable(reason: Self.reason(error)) }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let failed = error.connectionErrors.first?.error else { return "its name is not known" }
            return reason(failed)
        case let error as IOError: return systemMessage(error.errnoCode)
        case ChannelError.connectTimeout: return "nothing answers there"
        case is HTTPParserError: return "what answers there does not speak HTTP"
        case let error as NIOSSLError: return "the encryption failed (\(error))"
        default: return "\(error)"
        }
    }
}
