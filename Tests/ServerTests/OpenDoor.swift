import NIOCore
import ServiceLifecycle
import Testing

/// Runs a door, and `body` with the address at which it opened; ends it afterwards. `door` is told what to do with the address.
func withOpenDoor(
    _ door: (@escaping @Sendable (SocketAddress) -> Void) -> any Service,
    _ body: (SocketAddress) async throws -> Void
) async throws {
    let (addresses, found) = AsyncStream.makeStream(of: SocketAddress.self)
    let running = door { found.yield($0) }
    let task = Task { try await running.run() }
    defer { task.cancel() }
    var iterator = addresses.makeAsyncIterator()
    try await body(#require(await iterator.next()))
}
