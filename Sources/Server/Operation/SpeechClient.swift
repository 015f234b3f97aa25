// Who asks for speech, and by which door: for fair shares, the log and the counters.

/// Where requests come in.
package struct Door: RawRepresentable, Sendable, Hashable, ExpressibleByStringLiteral {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral name: String) { rawValue = name }

    package static let http: Door = "http"
    /// The WebSockets `/api/v1/speak` and `/api/v1/listen`.
    package static let speak: Door = "speak"
    package static let listen: Door = "listen"
    package static let wyoming: Door = "wyoming"
    /// The WebSocket `/v1/realtime`.
    package static let realtime: Door = "realtime"
    /// `makima mcp`.
    package static let modelContext: Door = "mcp"
}

package struct SpeechClient: Sendable, Hashable, ExpressibleByStringLiteral {
    /// Whom a token names, or the address; empty for the server itself.
    package let name: String
    package var door = Door.http
    /// The voice that it asked for.
    package var voice = ""

    package init(_ name: String, door: Door = .http, voice: String = "") {
        self.name = name
        self.door = door
        self.voice = voice
    }

    package init(stringLiteral name: String) { self.init(name) }
}
