import Addresses
import Audio
import FoundationEssentials
import NIOCore
import Server
import Speech
import WebSocketClient

/// Where a name leads: an appliance's full name, the beginning of one, "first" for any, or an address.
func applianceURL(_ name: String) throws -> String {
    if let url = addressURL(name) { return url }
    let found = try findAppliances()
    let match = found.first { $0.name == name } ?? found.first { name == "first" || $0.name.hasPrefix(name) }
    if let match { return match.url }
    guard !found.isEmpty else {
        throw Failure("No appliance answers on this network. Give its address: --remote http://HOST:8012")
    }
    throw Failure("No appliance is called \(name). There are: \(found.map(\.name).sorted().joined(separator: ", ")).")
}

/// `text` as the URL of an appliance, when it is an address and no name: a URL, an IP address, or a host with a dot or a port.
func addressURL(_ text: String) -> String? {
    if text.hasPrefix("http://") || text.hasPrefix("https://") { return text }
    let port = ServerConfiguration().port
    if text.hasPrefix("[") { return text.contains("]:") ? "http://\(text)" : "http://\(text):\(port)" }
    if text.contains(":"), AddressScope(address: text) != nil { return "http://[\(text)]:\(port)" }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let isHost =
        !parts[0].isEmpty
        && parts[0].utf8.allSatisfy { byte in
            Character(Unicode.Scalar(byte)).isLetter || (48...57).contains(byte) || [45, 46, 95].contains(byte)
        }
    guard isHost else { return nil }
    if parts.count == 2 { return UInt16(parts[1]).map { "http://\(parts[0]):\($0)" } }
    return text.contains(".") || text == "localhost" ? "http://\(text):\(port)" : nil
}

/// One text, spoken by an appliance: a client of /api/v1/speak. See docs/protocol.md.
struct RemoteSpeech {
    /// The settings of a session.
    struct Start: Encodable, Sendable {
        let type = "start"
        var voice: String?
        var language: String
        var instruction: String?
        var seed: UInt64?
        var speed: Double?
        var normalize: Bool
        /// The appliance keeps the sound for who asks for the same.
        var keep: Bool?
    }

    /// What an appliance that asks for a token is told.
    static var token: String? { ProcessInfo.processInfo.environment["MAKIMA_TOKEN"] }

    let address: RemoteAddress
    let token: String?
    let start: Start

    /// How long a model may take to load.
    private static let patience = Duration.seconds(120)
    /// Unicode scalars that an appliance takes in one text, unless it was told another limit.
    static let textLimit = 10_000
    /// One that asks for more than this does not load, it has failed.
    private static let longestPause = 5000  // ms

    /// The appliance is loading its model: the text has to be sent again.
    private struct Loading: Error { var message: String, milliseconds: Int }

    /// Through an appliance by its name or address. A token that it asks for is in MAKIMA_TOKEN.
    init(through name: String, _ start: Start) throws {
        address = try RemoteAddress(applianceURL(name))
        token = Self.token
        self.start = start
    }

    /// Has a text spoken, - for standard input. Hands over the samples in the order and number they were sent.
    func run(_ text: String, _ take: ([Float], _ rate: Int) throws -> Void) async throws -> FinishReason {
        let text = try RemoteText(TextSource(text, form: nil, format: .plain, limit: Self.textLimit))
        let end = ContinuousClock.now + Self.patience
        while true {
            do { return try await speak(text, take) } catch let loading as Loading {
                guard ContinuousClock.now < end else { throw Failure(loading.message) }
                try await Task.sleep(for: .milliseconds(loading.milliseconds))
            }
        }
    }

    /// One connection, which takes the text from its beginning.
    private func speak(_ text: RemoteText, _ take: ([Float], Int) throws -> Void) async throws -> FinishReason {
        let connection = try await RemoteConnection(to: address, token: token)
        defer { connection.close() }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do { try await send(text, to: connection) } catch { connection.fail(error) }
            }
            tasks.addTask {
                do { try await Interruption.wait() } catch { connection.fail(error) }
            }
            defer { tasks.cancelAll() }
            return try await receive(connection, take)
        }
    }

    // MARK: Sending

    private struct Speak: Encodable {
        let type = "speak"
        var text: String
        /// More follows.
        var append: Bool
        /// It is complete with this message.
        var flush: Bool
    }

    private func send(_ text: RemoteText, to connection: RemoteConnection) async throws {
        try await connection.send(start)
        guard text.isOpen else {
            return try await connection.send(Speak(text: await text.piece(0).text, append: false, flush: false))
        }
        for index in 0... {
            let (piece, isLast) = try await text.piece(index)
            try await connection.send(Speak(text: piece, append: true, flush: isLast))
            if isLast { return }
        }
    }

    // MARK: Receiving

    private struct Reply: Decodable {
        var type: String
        var sampleRate, retryAfterMs: Int?
        var code, message, reason, finishReason: String?
    }

    private func receive(
        _ connection: RemoteConnection, _ take: ([Float], Int) throws -> Void
    ) async throws -> FinishReason {
        var rate = 24_000  // Hz; `started` tells
        let reason = try await connection.receive { message -> FinishReason? in
            switch message {
            case .binary(let bytes): try take(try Self.samples(Array(bytes.readableBytesView)), rate)
            case .text(let text):
                let reply = try decoded(text)
                if reply.type == "started" { rate = reply.sampleRate ?? rate }
                return try end(reply)
            }
            return nil
        }
        guard let reason else { throw CancellationError() }
        return reason
    }

    private func decoded(_ text: String) throws -> Reply {
        do { return try JSONDecoder().decode(Reply.self, from: Data(text.utf8)) } catch {
            throw Failure("\(address.url) is no makima: it sends what is not of its protocol.")
        }
    }

    /// How the speech ended, if this says so. What later versions may tell does not.
    private func end(_ reply: Reply) throws -> FinishReason? {
        switch reply.type {
        case "complete": return reply.finishReason.flatMap(FinishReason.init) ?? .endOfSpeech
        case "error": throw failure(reply)
        case "stopped": throw Failure("The appliance ended the session: \(reply.reason ?? "it does not say why").")
        default: return nil
        }
    }

    private func failure(_ reply: Reply) -> any Error {
        let message = reply.message ?? reply.code ?? "it does not say why"
        switch reply.code {
        case "MODEL_LOADING":
            guard let pause = reply.retryAfterMs, (1...Self.longestPause).contains(pause) else {
                return Failure("The appliance cannot speak: \(message)")
            }
            return Loading(message: message, milliseconds: pause)
        case "VOICE_NOT_FOUND":
            return Failure("The appliance has no voice \(start.voice ?? ""). \(address.url)/api/v1/voices lists them.")
        case "UNAUTHORIZED": return Failure("The appliance refuses: \(message) MAKIMA_TOKEN holds the token to send.")
        default: return Failure("The appliance refuses: \(message)")
        }
    }

    private static func samples(_ bytes: [UInt8]) throws -> [Float] {
        guard bytes.count.isMultiple(of: 2) else { throw Failure("The appliance sent half a sample.") }
        return PCM.samples(int16LittleEndian: bytes)
    }
}

/// The text for an appliance: read as it comes, and kept for another try.
private actor RemoteText {
    private var source: TextSource
    private var pieces: [String] = []
    /// Whether it comes in pieces.
    let isOpen: Bool

    init(_ source: TextSource) throws {
        var source = source
        isOpen = source.isOpen
        if !isOpen { pieces = [try source.first] }
        self.source = source
    }

    /// Waits for it. The last one may be empty.
    func piece(_ index: Int) async throws -> (text: String, isLast: Bool) {
        while index >= pieces.count {
            if let piece = try source.read(waiting: false) {
                // Blank text would be a message about nothing.
                if !piece.isEmpty || !source.isOpen { pieces.append(piece) }
            } else {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let isLast = index == pieces.count - 1 && !source.isOpen
        guard !isLast || pieces.contains(where: \.isSpeakable) else {
            throw Failure.nothingToSay
        }
        return (pieces[index], isLast)
    }
}
