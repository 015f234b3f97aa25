// One client of the Model Context Protocol: its lines in, ours out, and the calls in between.

import JSONText

package actor ToolSession {
    /// Bytes of a line: a text of ten thousand characters has 120 000 when all of it is escaped.
    static let lineLimit = 1 << 18

    private var server: ToolServer
    private let toolbox: any Toolbox
    private let write: @Sendable (String) -> Void
    private var lines = LineSplitter(limit: lineLimit)
    private var calls: [RequestID: Task<Void, Never>] = [:]

    /// - Parameter write: takes a line without its end.
    package init(_ server: ToolServer, _ toolbox: any Toolbox, write: @escaping @Sendable (String) -> Void) {
        self.server = server
        self.toolbox = toolbox
        self.write = write
    }

    package func receive(_ bytes: [UInt8]) {
        for line in lines.push(bytes) { handle(.line(line)) }
    }

    /// The client has gone: what is under way ends.
    package func finish() async {
        let left = calls.values
        calls = [:]
        for call in left { call.cancel() }
        for call in left { await call.value }
    }

    private func handle(_ event: ToolServer.Event) {
        for action in server.handle(event) {
            switch action {
            case .send(let message): write(message.line)
            case .call(let id, let call): begin(call, id)
            case .cancel(let id): calls.removeValue(forKey: id)?.cancel()
            }
        }
    }

    private func begin(_ call: ToolCall, _ id: RequestID) {
        calls[id] = Task {
            let result = await toolbox.call(call) { progress, message in
                guard call.wantsProgress else { return }
                Task { await self.handle(.progress(id, progress, message)) }
            }
            guard !Task.isCancelled else { return }
            calls[id] = nil
            handle(.finished(id, result))
        }
    }
}
