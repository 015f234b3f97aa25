// How a connection to /v1/realtime begins: its token, and the model that it names.

import NIOHTTP1

enum RealtimeHandshake {
    /// What the server speaks, of the subprotocols that a browser offers.
    static let subprotocol = "realtime"
    /// A page cannot set the header Authorization of a WebSocket: OpenAI's SDK offers the token as a subprotocol instead.
    private static let tokenPrefix = "openai-insecure-api-key."
    /// Names of OpenAI's models that speak here, alone or with more after a dash.
    private static let models = ["gpt-realtime", "gpt-4o-realtime", "gpt-4o-mini-realtime", "gpt-audio"]

    static func offered(_ headers: HTTPHeaders) -> [Substring] { headers[canonicalForm: "sec-websocket-protocol"] }

    static func token(_ headers: HTTPHeaders) -> String? {
        let offered = offered(headers).first { $0.hasPrefix(tokenPrefix) }
        return bearerToken(headers) ?? offered.map { String($0.dropFirst(tokenPrefix.count)) }
    }

    /// The model that is asked for; nil for the loaded one.
    static func model(_ head: HTTPRequestHead) -> String? {
        let name = RequestTarget(head.uri)?.query["model"] ?? ""
        return name.isEmpty ? nil : name
    }

    /// Why a client is let go as soon as it has come.
    static func fault(
        _ head: HTTPRequestHead, _ identity: HandshakeIdentity, _ service: SpeechService
    ) -> RealtimeError? {
        guard identity.isAuthorized else {
            return RealtimeError(
                SpeakError(.unauthorized, "A good token is needed, in the header Authorization: Bearer TOKEN."))
        }
        if RequestTarget(head.uri)?.query["call_id"] != nil {
            return .unsupported("call_id", "There are no calls here.")
        }
        guard service.information != nil, let model = model(head), !isModel(model, service) else { return nil }
        let detail = OpenAIError.unknownModel(model, service).error
        return RealtimeError(detail.code ?? detail.type, detail.message, param: detail.param)
    }

    private static func isModel(_ name: String, _ service: SpeechService) -> Bool {
        OpenAISpeechRequest.isModel(name, service) || models.contains { name == $0 || name.hasPrefix($0 + "-") }
    }
}
