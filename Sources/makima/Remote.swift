import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Server

/// Where a name leads: an appliance's full name, the beginning of one, "first" for any, or an address.
func applianceURL(_ name: String) throws -> String {
    if name.hasPrefix("http://") || name.hasPrefix("https://") { return name }
    let found = try findAppliances()
    let match = found.first { $0.name == name } ?? found.first { name == "first" || $0.name.hasPrefix(name) }
    if let match { return match.url }
    guard !found.isEmpty else {
        throw Failure("No appliance answers on this network. Give its address: --remote http://HOST:8012")
    }
    throw Failure("No appliance is called \(name). There are: \(found.map(\.name).sorted().joined(separator: ", ")).")
}

/// One text, spoken by an appliance: POST /v1/audio/speech, taken as it comes.
struct RemoteSpeech {
    var url: String
    var voice: String?
    var language: String
    var token: String?

    private struct Wish: Encodable {
        var input: String
        var voice: String?
        var language: String
        var response_format = "pcm"
    }

    /// Hands over the samples in the order and number they were sent.
    func run(_ text: String, _ take: (_ samples: [Float], _ rate: Int) throws -> Void) async throws {
        var request = HTTPClientRequest(url: url + "/v1/audio/speech")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        request.body = .bytes(
            ByteBuffer(string: JSON.encode(Wish(input: text, voice: voice, language: language))))
        let response: HTTPClientResponse
        do { response = try await HTTPClient.shared.execute(request, timeout: .minutes(30)) } catch {
            throw Failure("The appliance at \(url) cannot be reached: \(error)")
        }
        guard response.status == .ok else { throw try await Self.refusal(response) }
        guard let rate = response.headers.first(name: "x-sample-rate").flatMap({ Int($0) }) else {
            throw Failure("\(url) is no makima: it does not tell its sample rate.")
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

    private static func refusal(_ response: HTTPClientResponse) async throws -> Failure {
        struct Body: Decodable {
            struct Detail: Decodable { var message: String }
            var error: Detail
        }
        let body = try? await response.body.collect(upTo: 1 << 16)
        let message = body.flatMap { try? JSONDecoder().decode(Body.self, from: Data($0.readableBytesView)) }?.error
            .message
        return Failure(
            "The appliance refuses (\(response.status.code)): \(message ?? response.status.reasonPhrase)")
    }
}
