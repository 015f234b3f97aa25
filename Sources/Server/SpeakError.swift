// What a client is told when speech fails: the one place that maps our errors to the protocol's codes.

package import Speech

package struct SpeakError: Error, Sendable, Equatable {
    /// The codes of the specification, §4.5.1 and §5.2, and one for what it does not have: texts that are changed while they are
    /// spoken. They are the whole list: a client may switch over it.
    package enum Code: String, Sendable, CaseIterable {
        case modelLoading = "MODEL_LOADING"
        case synthesisError = "SYNTHESIS_ERROR"
        case invalidText = "INVALID_TEXT"
        case voiceNotFound = "VOICE_NOT_FOUND"
        case outOfMemory = "GPU_OUT_OF_MEMORY"
        case unauthorized = "UNAUTHORIZED"
        case rateLimited = "RATE_LIMITED"
        case timeout = "TIMEOUT"
        case cancelled = "CANCELLED"
        case tooLate = "TOO_LATE"
    }

    package var code: Code
    package var message: String
    /// When the same request may succeed.
    package var retryAfter: Duration?
    /// The field of the message that was wrong.
    package var field: String?
    /// With `tooLate`: the first character of the text that can still be changed.
    package var position: Int?

    package init(_ code: Code, _ message: String, retryAfter: Duration? = nil, field: String? = nil) {
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.field = field
    }
}

extension SpeakError.Code {
    /// Whether the same request may succeed later without a change.
    package var isRecoverable: Bool {
        switch self {
        case .modelLoading, .synthesisError, .outOfMemory, .rateLimited, .timeout, .cancelled: true
        case .invalidText, .voiceNotFound, .unauthorized, .tooLate: false
        }
    }

    package var httpStatus: Int {
        switch self {
        case .modelLoading, .outOfMemory: 503
        case .synthesisError: 500
        case .invalidText: 400
        case .voiceNotFound: 404
        case .unauthorized: 401
        case .rateLimited: 429
        case .timeout: 408
        case .cancelled: 499
        case .tooLate: 409
        }
    }
}

extension SpeakError {
    /// Nobody named a token in time.
    static let noToken = SpeakError(.unauthorized, "No good token came in time.", field: "authToken")

    /// A text without a letter or a figure.
    static let nothingToSay = SpeakError(SynthesisError.emptyText)
    /// What was being said is cut off.
    static let shuttingDown = SpeakError(.cancelled, "The server is shutting down.")

    package init(_ error: SynthesisError) {
        switch error {
        case .emptyText, .textTooLong:
            self.init(.invalidText, error.description, field: "text")
        case .unknownLanguage:
            self.init(.invalidText, error.description, field: "language")
        case .unknownSpeaker:
            self.init(.voiceNotFound, error.description, field: "voice")
        case .unsupported, .badReference, .notFinite, .failed:
            self.init(.synthesisError, error.description)
        case .outOfMemory:
            self.init(
                .outOfMemory, error.description + " Try again when others have finished.", retryAfter: .seconds(2))
        }
    }
}
