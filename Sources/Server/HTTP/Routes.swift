// All endpoints of the HTTP port, in one place.

import NIOCore
import NIOHTTP1

extension Router {
    package static func all(_ service: SpeechService) -> Router {
        var router = Router()
        router.addOperation(service)
        router.addVoices(service)
        router.addWords(service)
        router.addSay(service)
        router.addOpenAI(service)
        router.addOpenAIVoices(service)
        router.addCaptions(service)
        router.addPage()
        for path in ["/api/v1/speak", "/api/v1/listen", "/v1/realtime"] {
            router.on(.GET, path, access: .open) { _ in
                // A handshake that came while the server shuts down: whoever stands in front takes it elsewhere.
                if service.model.isStopping { _ = try service.model.use() }
                var response = Response.failure(.upgradeRequired, "This is a WebSocket: connect with ws://.")
                response.headers.add(name: "upgrade", value: "websocket")
                return response
            }
        }
        return router
    }
}

extension HTTPListener {
    package static func webSockets(_ service: SpeechService) -> [String: WebSocketHandler] {
        let refusals = RefusalLog(service.logger)
        return [
            "/api/v1/speak": { receiver, sender, head in
                let identity = await HandshakeIdentity(service, head, sender)
                try await SpeakSession(service, identity, refusals).run(&receiver, sender)
            },
            "/api/v1/listen": { receiver, sender, head in
                let identity = await HandshakeIdentity(service, head, sender)
                try await ListenSession(service, sender, identity, refusals).run(&receiver)
            },
            "/v1/realtime": { receiver, sender, head in
                let token = RealtimeHandshake.token(head.headers)
                let identity = await HandshakeIdentity(service, token: token, sender)
                try await RealtimeSession(service, identity, refusals, head).run(&receiver, sender)
            },
        ]
    }
}

/// Who opened a WebSocket, by the handshake.
struct HandshakeIdentity {
    /// Whom the token names, or the address.
    let client: String
    /// No token is asked for, or the handshake's is good.
    let isAuthorized: Bool

    init(client: String, isAuthorized: Bool) {
        self.client = client
        self.isAuthorized = isAuthorized
    }

    init(_ service: SpeechService, _ head: HTTPRequestHead, _ sender: WebSocketSender) async {
        self = await HandshakeIdentity(service, token: bearerToken(head.headers), sender)
    }

    init(_ service: SpeechService, token: String?, _ sender: WebSocketSender) async {
        let remote = sender.channel.remoteAddress?.ipAddress ?? "local"
        do throws(SpeakError) {
            let subject = try await service.authenticator.subject(of: token)
            client = subject.map { "\($0)@\(remote)" } ?? remote
            isAuthorized = true
        } catch {
            client = remote
            isAuthorized = false
        }
    }
}
