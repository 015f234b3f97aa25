// The Wyoming port itself, over the loopback, with a client that says nothing for long.

import JSONText
import Logging
import NIOCore
import NIOPosix
import Speech
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(5))) struct WyomingListenerTests {
    private func service(frame: Duration, running: Int = 1) async -> SpeechService {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        var settings = SpeechService.Settings()
        settings.scheduler.running = running
        let service = SpeechService(
            .tone, voices: VoiceLibrary(store, cacheDirectory: nil), settings: settings, logger: Logger(label: "test")
        ) { limits, report in
            SynthesisScheduler(ToneEngine(frameTime: frame), limits: limits, report: report)
        }
        await service.load()
        return service
    }

    private func withListener(
        _ service: SpeechService, quiet: Duration, _ body: (SocketAddress) async throws -> Void
    ) async throws {
        var listener = WyomingListener(host: "127.0.0.1", port: 0, service)
        listener.patience.quiet = quiet
        try await withOpenDoor(
            { onOpen in
                listener.onOpen = onOpen
                return listener
            }, body)
    }

    /// Sends the events; returns the types of all that come until the server closes, or until `last`.
    private func types(of events: [WyomingEvent], to address: SocketAddress, until last: String?) async throws
        -> [String]
    {
        let stream = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await stream.executeThenClose { inbound, outbound in
            for event in events { try await outbound.write(event.bytes) }
            var decoder = WyomingDecoder()
            var types: [String] = []
            for try await bytes in inbound {
                decoder.append(bytes)
                while let event = try decoder.next() { types.append(event.type) }
                if let last, types.contains(last) { break }
            }
            return types
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        let service = await service(frame: .zero)
        try await withListener(service, quiet: .milliseconds(400)) { address in
            let types = try await types(of: [], to: address, until: nil)
            #expect(types == [])
        }
    }

    /// The second speaker waits for longer than that, and no byte comes or goes.
    @Test func aConnectionThatWaitsToSpeakIsNotIdle() async throws {
        let service = await service(frame: .milliseconds(20))
        // Long enough for a client that is slow beside hundreds of other tests.
        try await withListener(service, quiet: .seconds(3)) { address in
            @Sendable func speak(_ text: String) async throws -> [String] {
                try await types(
                    of: [WyomingEvent("synthesize", ["text": .text(text)])], to: address, until: "audio-stop")
            }
            async let first = speak(String(repeating: "x", count: 200))
            async let second = speak(String(repeating: "y", count: 5))
            let last = try await [first.last, second.last]
            #expect(last == ["audio-stop", "audio-stop"])
        }
    }
}
