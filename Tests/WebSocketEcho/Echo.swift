// Sends back what it gets, for the Autobahn fuzzing client: the server's WebSocket code without the server.

import Glibc
import Logging
import NIOHTTP1
import Server

private let echo: HTTPListener.WebSocketHandler = { receiver, sender, _ in
    while let message = try await receiver.next() {
        switch message {
        case .text(let text): try await sender.send(text)
        case .binary(let bytes): try await sender.send(bytes)
        }
    }
}

@main
struct Echo {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 9001
        var listener = HTTPListener(
            host: "127.0.0.1", port: port, router: Router(), requestGuard: RequestGuard(), webSockets: ["/": echo],
            logger: Logger(label: "echo"))
        listener.webSocketLimits.frame = 20 << 20
        listener.webSocketLimits.message = 20 << 20
        listener.onOpen = {
            print("echo on \($0)")
            // Whoever started this waits for the line.
            fflush(nil)
        }
        try await listener.run()
    }
}
