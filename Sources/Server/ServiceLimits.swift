// What the server takes at most, for clients that would say so before they ask.

import Speech

/// As `/ready` tells it.
package struct ServiceLimits: Sendable, Equatable, Encodable {
    /// Unicode scalars of a text.
    package var textCharacters: Int
    package var uploadBytes: Int
    package var clipSeconds = ClipSeconds()
    /// Connections that may be open at once.
    package var sessions: Int

    /// How long a recording may be that a voice is made of.
    package struct ClipSeconds: Sendable, Equatable, Encodable {
        package var least = ClipLength.allowed.lowerBound
        package var most = ClipLength.allowed.upperBound
        package var bestFrom = ClipLength.best.lowerBound
        package var bestTo = ClipLength.best.upperBound
    }

    init(_ settings: SpeechService.Settings) {
        textCharacters = settings.textLimit
        uploadBytes = settings.uploadLimit
        sessions = settings.sessions
    }
}
