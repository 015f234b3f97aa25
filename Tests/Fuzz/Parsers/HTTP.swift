// A whole server that hums, with a client that sends the input and says no more.

import Glibc
import Logging
import Server
import Speech
import Synchronization

/// Sends the bytes as they are, and reads until the server has no more to say, or enough was said.
func answerRequest(_ bytes: [UInt8]) {
    guard let client = Client(port: port) else { return }
    client.send(bytes)
    client.readAnswer()
}

private struct Client: ~Copyable {
    private let descriptor: CInt
    /// Of an answer so much is read before the client goes.
    private static let enough = 64 << 10

    init?(port: UInt16) {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // So that thousands of connections leave no ports waiting behind.
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        guard status == 0 else { return nil }
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        _ = unsafe Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        shutdown(descriptor, CInt(SHUT_WR))
    }

    func readAnswer() {
        var piece = [UInt8](repeating: 0, count: 4096)
        var read = 0
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // A request that breaks off is answered by silence.
        while read < Self.enough, unsafe Glibc.poll(&poll, 1, read == 0 ? 50 : 5) > 0 {
            let got = unsafe recv(descriptor, &piece, piece.count, 0)
            guard got > 0 else { return }
            read += got
        }
    }
}

/// Where the server listens, which begins with the first input.
private let port: UInt16 = {
    let opened = OpenedPort()
    Task.detached {
        do {
            try await server().serve { port in
                opened.tell(UInt16(port))
                try await Task.sleep(for: .seconds(1 << 30))
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }
    return opened.wait()
}()

/// A number that one thread waits for.
@safe private final class OpenedPort: Sendable {
    private let number = Mutex<UInt16>(0)
    // SAFETY: the C functions synchronize, and the place lives as long as the process.
    nonisolated(unsafe) private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { unsafe _ = sem_init(semaphore, 0, 0) }

    func tell(_ port: UInt16) {
        number.withLock { $0 = port }
        unsafe _ = sem_post(semaphore)
    }

    func wait() -> UInt16 {
        while unsafe sem_wait(semaphore) != 0 {}
        return number.withLock { $0 }
    }
}

private func server() async -> HTTPListener {
    let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
    let voices = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
    var settings = SpeechService.Settings()
    settings.requestsPerSecond = 0
    let service = SpeechService(
        .tone, voices: VoiceLibrary(voices, cacheDirectory: nil), settings: settings, logger: logger
    ) { limits, report in
        schedule(ToneEngine(), identity: "tone", limits: limits, report: report)
    }
    await service.load()
    return HTTPListener(
        host: "127.0.0.1", port: 0, router: .all(service), requestGuard: RequestGuard(),
        webSockets: HTTPListener.webSockets(service), logger: logger)
}
