import ArgumentParser
import AsyncHTTPClient
import Audio
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import Server

/// `makima remote`: speaks through an appliance on the network.
struct Remote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Speaks through an appliance on the local network.",
        discussion: """
            NAME is what `makima discover` lists, the beginning of such a name, "first" for any, or an address such as \
            http://192.168.1.7:8012. The sound is played here, as it comes; --output writes it to a WAV file instead.
            """)

    @Argument(help: "Which appliance.") var name: String
    @Argument(help: "What to say.") var text: String
    @Option(help: "Voice to speak in; the appliance's own default unless named.") var voice: String?
    @Option(help: "Language of the text, or auto.") var language = "auto"
    @Option(help: "From 0.25 (slow) to 4 (fast); the pitch stays.") var speed = 1.0
    @Option(help: ArgumentHelp("Token, where the appliance asks for one. Better in MAKIMA_TOKEN.", valueName: "token"))
    var token: String?
    @Option(help: ArgumentHelp("WAV file to write instead of playing.", valueName: "file.wav")) var output: String?
    @Option(help: "Sound device to play on.") var device = "default"
    @Option(help: "From 0 to 1.") var volume: Float = 1

    func validate() throws {
        guard TimeStretch.speeds.contains(speed) else {
            throw ValidationError("--speed takes a number from 0.25 to 4.")
        }
        guard (0...1).contains(volume) else { throw ValidationError("--volume takes a number from 0 to 1.") }
    }

    func run() async throws {
        let speech = RemoteSpeech(
            url: try Self.address(of: name), voice: voice, language: language, speed: speed,
            token: token ?? ProcessInfo.processInfo.environment["MAKIMA_TOKEN"])
        if let output {
            var writer: AudioFileWriter?
            try await speech.run(text) { samples, rate in
                if writer == nil { writer = try AudioFileWriter(path: output, sampleRate: rate) }
                try writer?.write(samples)
            }
            guard let written = writer.take() else { throw RemoteError("The appliance sent no sound.") }
            try written.finish()
            return
        }
        var player: ALSAPlayer?
        try await speech.run(text) { samples, rate in
            if player == nil { player = try ALSAPlayer(device: device, sampleRate: rate, volume: volume) }
            try player?.play(samples)
        }
        try player.take()?.finish()
    }

    private static func address(of name: String) throws -> String {
        if name.hasPrefix("http://") || name.hasPrefix("https://") { return name }
        let found = try findAppliances()
        let match = found.first { $0.name == name } ?? found.first { name == "first" || $0.name.hasPrefix(name) }
        if let match { return match.url }
        guard !found.isEmpty else {
            throw RemoteError("No appliance answers on this network. Give its address: http://HOST:8012")
        }
        throw RemoteError(
            "No appliance is called \(name). There are: \(found.map(\.name).sorted().joined(separator: ", ")).")
    }
}

struct RemoteError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// One text, spoken by an appliance: POST /v1/audio/speech, taken as it comes.
struct RemoteSpeech {
    var url: String
    var voice: String?
    var language: String
    var speed: Double
    var token: String?

    private struct Wish: Encodable {
        var input: String
        var voice: String?
        var language: String
        var speed: Double
        var response_format = "pcm"
    }

    /// Hands over the samples in the order and number they were sent.
    func run(_ text: String, _ take: (_ samples: [Float], _ rate: Int) throws -> Void) async throws {
        var request = HTTPClientRequest(url: url + "/v1/audio/speech")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.body = .bytes(
            ByteBuffer(string: JSON.encode(Wish(input: text, voice: voice, language: language, speed: speed))))
        let response: HTTPClientResponse
        do { response = try await HTTPClient.shared.execute(request, timeout: .minutes(30)) } catch {
            throw RemoteError("The appliance at \(url) cannot be reached: \(error)")
        }
        guard response.status == .ok else { throw try await Self.refusal(response) }
        guard let rate = response.headers.first(name: "x-sample-rate").flatMap({ Int($0) }) else {
            throw RemoteError("\(url) is no makima: it does not tell its sample rate.")
        }
        var half: UInt8?
        for try await piece in response.body {
            var bytes = Array(piece.readableBytesView)
            if let first = half { bytes.insert(first, at: 0) }
            // A sample may be cut in two on the way.
            half = bytes.count % 2 == 1 ? bytes.removeLast() : nil
            try take(Self.samples(bytes), rate)
        }
    }

    private static func samples(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: 2).map { index in
            Float(Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)) / 32768
        }
    }

    private static func refusal(_ response: HTTPClientResponse) async throws -> RemoteError {
        struct Body: Decodable {
            struct Detail: Decodable { var message: String }
            var error: Detail
        }
        let body = try? await response.body.collect(upTo: 1 << 16)
        let message = body.flatMap { try? JSONDecoder().decode(Body.self, from: Data($0.readableBytesView)) }?.error
            .message
        return RemoteError(
            "The appliance refuses (\(response.status.code)): \(message ?? response.status.reasonPhrase)")
    }
}
