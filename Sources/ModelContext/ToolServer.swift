// What a server of the Model Context Protocol does about each line, as a value: no streams, no tasks.

package import JSONText

package struct ToolServer: Sendable {
    /// The newest first.
    package static let versions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
    /// Calls that may be under way.
    package static let callLimit = 32

    package enum Event: Sendable {
        case line(LineSplitter.Line)
        case progress(RequestID, Double, String)
        case finished(RequestID, ToolResult)
    }

    package enum Action: Equatable, Sendable {
        case send(JSONValue)
        case call(RequestID, ToolCall)
        /// End the call: nobody waits for its result any more.
        case cancel(RequestID)
    }

    private let name: String
    private let version: String
    private let instructions: String
    private let tools: [Tool]
    private var isInitialized = false
    private var running: [RequestID: Running] = [:]

    /// A call under way.
    private struct Running {
        /// By what the client knows its progress, where it wants to.
        var token: JSONValue?
        /// What it was told last: progress never falls.
        var progress = 0.0
    }

    /// - Parameter instructions: what a language model should know of the tools as a whole.
    package init(name: String, version: String, instructions: String, tools: [Tool]) {
        self.name = name
        self.version = version
        self.instructions = instructions
        self.tools = tools
    }

    package mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .line(.tooLong): return [.send(OutgoingMessage.error(nil, .invalidRequest("The line is too long.")))]
        case .line(.whole(let bytes)): return handle(IncomingMessage(bytes))
        case .progress(let id, let progress, let message):
            guard let call = running[id], let token = call.token, progress > call.progress else { return [] }
            running[id]?.progress = progress
            let parameters: JSONValue = [
                "progressToken": token, "progress": .number(progress), "message": .text(message),
            ]
            return [.send(OutgoingMessage.notification("notifications/progress", parameters))]
        case .finished(let id, let result):
            guard running.removeValue(forKey: id) != nil else { return [] }
            return [.send(OutgoingMessage.result(id, result.json))]
        }
    }

    private mutating func handle(_ message: IncomingMessage) -> [Action] {
        switch message {
        case .blank, .answer: return []
        case .fault(let error, let id): return [.send(OutgoingMessage.error(id, error))]
        case .notification("notifications/cancelled", let parameters):
            guard let id = RequestID(parameters["requestId"]), running.removeValue(forKey: id) != nil else { return [] }
            return [.cancel(id)]
        case .notification: return []
        case .request(let id, let method, let parameters):
            do throws(RPCError) {
                return try answer(id, method, parameters)
            } catch {
                return [.send(OutgoingMessage.error(id, error))]
            }
        }
    }

    private mutating func answer(
        _ id: RequestID, _ method: String, _ parameters: [String: JSONValue]
    ) throws(RPCError) -> [Action] {
        func result(_ value: JSONValue) -> [Action] { [.send(OutgoingMessage.result(id, value))] }
        switch method {
        case "ping": return result([:])
        case "initialize": return result(try initialize(parameters))
        case _ where !isInitialized: throw .invalidRequest("Send initialize first.")
        case "tools/list":
            guard parameters["cursor"] ?? .null == .null else {
                throw .invalidParameters("The list of tools has one page: there is no cursor.")
            }
            return result(["tools": .list(tools.map(\.json))])
        case "tools/call": return [.call(id, try call(id, parameters))]
        default: throw .noMethod(method)
        }
    }

    private mutating func initialize(_ parameters: [String: JSONValue]) throws(RPCError) -> JSONValue {
        guard !isInitialized else { throw .invalidRequest("initialize was sent already.") }
        guard let asked = parameters["protocolVersion"]?.text else {
            throw .invalidParameters("protocolVersion is missing.")
        }
        isInitialized = true
        let version = Self.versions.first { $0 == asked } ?? Self.versions[0]
        return [
            "protocolVersion": .text(version), "capabilities": ["tools": [:]],
            "serverInfo": ["name": .text(name), "version": .text(self.version)],
            "instructions": .text(instructions),
        ]
    }

    private mutating func call(
        _ id: RequestID, _ parameters: [String: JSONValue]
    ) throws(RPCError) -> ToolCall {
        guard let name = parameters["name"]?.text else { throw .invalidParameters("name is missing.") }
        guard tools.contains(where: { $0.name == name }) else {
            throw .invalidParameters("There is no tool \(name.prefix(80)).")
        }
        guard let arguments = (parameters["arguments"] ?? [:]).object else {
            throw .invalidParameters("arguments is an object.")
        }
        guard running[id] == nil else { throw .invalidRequest("A call with this id is under way.") }
        guard running.count < Self.callLimit else { throw .busy }
        let token = parameters["_meta"]?.object?["progressToken"]
        running[id] = Running(token: token)
        return ToolCall(name: name, arguments: arguments, wantsProgress: token != nil)
    }
}
