import NIOCore

extension HTTPListener {
    /// Serves for as long as `body` runs, which is told the port: that of `port`, or a free one where it is zero.
    package func serve(while body: (_ port: Int) async throws -> Void) async throws {
        let (ports, opened) = AsyncStream.makeStream(of: Int.self)
        var listener = self
        listener.onOpen = { opened.yield($0.port ?? 0) }
        try await withThrowingTaskGroup(of: Void.self) { [listener] group in
            group.addTask {
                defer { opened.finish() }
                try await listener.run()
            }
            for await port in ports.prefix(1) { try await body(port) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
