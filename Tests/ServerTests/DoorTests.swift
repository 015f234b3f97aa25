import FoundationEssentials
import JSONText
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket
import Speech
import Testing

@testable import Server

/// An engine that no door knows speaks through each of them, sample by sample: in this process, without sockets.
@Suite struct DoorTests {
    private static let text = "ab cd"

    private func service(_ settings: SpeechService.Settings = .init()) async -> SpeechService {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        let service = SpeechService(
            .beep, voices: VoiceLibrary(store, cacheDirectory: nil), settings: settings, logger: Logger(label: "test")
        ) { limits, report in
            schedule(
                try EngineDescription.beep.load(EngineOptions(folder: "")), identity: "beep", limits: limits,
                report: report)
        }
        await service.load()
        return service
    }

    /// The samples of the text as the engine gives them, in bytes.
    private func expected(_ service: SpeechService) async throws -> [UInt8] {
        var samples: [Float] = []
        for await event in try await service.speak(SpeakRequest(text: Self.text, language: "english", client: "a")) {
            if case .frame(let frame, _) = event { samples += frame }
        }
        #expect(samples.count == 4 * 480)
        return Array(try AudioEncoding.pcm16.bytes(samples).readableBytesView)
    }

    private func wrapped<Inbound: Sendable, Outbound: Sendable>(
        _ channel: NIOAsyncTestingChannel, _: Inbound.Type, _: Outbound.Type
    ) async throws -> NIOAsyncChannel<Inbound, Outbound> {
        try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
        return try await channel.testingEventLoop.executeInContext {
            try NIOAsyncChannel<Inbound, Outbound>(wrappingChannelSynchronously: channel)
        }
    }

    @Test func anHTTPExchange() async throws {
        let service = await service()
        let channel = NIOAsyncTestingChannel()
        let connection = try await wrapped(channel, RequestPart.self, ResponsePart.self)
        let serving = Task {
            try await HTTPConnection(
                router: .all(service), requestGuard: RequestGuard(), logger: service.logger
            ).run(connection)
        }
        let body = #"{"input": "\#(Self.text)", "response_format": "pcm", "language": "english"}"#
        let headers: HTTPHeaders = ["host": "localhost", "content-length": "\(body.utf8.count)"]
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/v1/audio/speech", headers: headers)
        try await channel.writeInbound(RequestPart.head(head))
        try await channel.writeInbound(RequestPart.body(ByteBuffer(string: body)))
        try await channel.writeInbound(RequestPart.end(nil))
        var status: HTTPResponseStatus?
        var sound: [UInt8] = []
        exchange: while true {
            switch try await channel.waitForOutboundWrite(as: ResponsePart.self) {
            case .head(let head): status = head.status
            case .body(let bytes): sound += bytes.readableBytesView
            case .end: break exchange
            }
        }
        #expect(status == .ok)
        #expect(try await sound == expected(service))
        try await channel.close()
        _ = await serving.result
    }

    @Test func aSessionOverWebSocket() async throws {
        let service = await service()
        let channel = NIOAsyncTestingChannel()
        let connection = try await wrapped(channel, WebSocketFrame.self, WebSocketFrame.self)
        let serving = Task {
            try await runWebSocket(connection, limits: WebSocketLimits()) { receiver, sender in
                try await SpeakSession(
                    service, HandshakeIdentity(client: "a", isAuthorized: true), RefusalLog(service.logger)
                ).run(&receiver, sender)
            }
        }
        func send(_ json: String) async throws {
            let mask: WebSocketMaskingKey = [1, 2, 3, 4]
            var data = ByteBuffer(string: json)
            data.webSocketMask(mask)
            try await channel.writeInbound(WebSocketFrame(fin: true, opcode: .text, maskKey: mask, data: data))
        }
        var types: [String] = []
        var sound: [UInt8] = []
        func receive() async throws {
            let frame = try await channel.waitForOutboundWrite(as: WebSocketFrame.self)
            if frame.opcode == .binary { return sound += frame.data.readableBytesView }
            struct Message: Decodable { var type: String }
            types.append(try JSONDecoder().decode(Message.self, from: Data(frame.data.readableBytesView)).type)
        }
        try await receive()
        try await send(#"{"type": "start", "language": "english"}"#)
        try await receive()
        try await send(#"{"type": "speak", "text": "\#(Self.text)"}"#)
        while types.last != "complete" { try await receive() }
        #expect(types == ["ready", "started", "complete"])
        #expect(try await sound == expected(service))
        try await channel.close()
        _ = await serving.result
    }

    /// Who names no token does not keep a connection for ever.
    @Test(arguments: ["speak", "listen"]) func aStrangerIsLetGo(door: String) async throws {
        var settings = SpeechService.Settings()
        settings.tokenWait = .milliseconds(50)
        let service = await service(settings)
        let channel = NIOAsyncTestingChannel()
        let connection = try await wrapped(channel, WebSocketFrame.self, WebSocketFrame.self)
        let serving = Task {
            try await runWebSocket(connection, limits: WebSocketLimits()) { receiver, sender in
                let stranger = HandshakeIdentity(client: "a", isAuthorized: false)
                let refusals = RefusalLog(service.logger)
                if door == "speak" {
                    try await SpeakSession(service, stranger, refusals).run(&receiver, sender)
                } else {
                    try await ListenSession(service, sender, stranger, refusals).run(&receiver)
                }
            }
        }
        var last: WebSocketFrame
        var texts = ""
        repeat {
            last = try await channel.waitForOutboundWrite(as: WebSocketFrame.self)
            if last.opcode == .text { texts += String(buffer: last.data) }
        } while last.opcode != .connectionClose
        #expect(texts.contains("UNAUTHORIZED"))
        #expect(last.data.getInteger(at: last.data.readerIndex, as: UInt16.self) == 1008)
        try await channel.close()
        _ = await serving.result
    }

    @Test func wyomingEvents() async throws {
        let service = await service()
        let channel = NIOAsyncTestingChannel()
        let connection = try await wrapped(channel, ByteBuffer.self, ByteBuffer.self)
        let serving = Task { await WyomingConnection(service, channel, RefusalLog(service.logger)).run(connection) }
        let voice = JSONValue.object(["language": .text("en")])
        try await channel.writeInbound(WyomingEvent("synthesize", ["text": .text(Self.text), "voice": voice]).bytes)
        var (decoder, types, sound): (WyomingDecoder, [String], [UInt8]) = (WyomingDecoder(), [], [])
        while types.last != "audio-stop" {
            decoder.append(try await channel.waitForOutboundWrite(as: ByteBuffer.self))
            while let event = try decoder.next() {
                types.append(event.type)
                sound += event.payload
            }
        }
        #expect(types.first == "audio-start" && types.dropFirst().dropLast().allSatisfy { $0 == "audio-chunk" })
        #expect(try await sound == expected(service))
        try await channel.close()
        _ = await serving.result
    }
}
