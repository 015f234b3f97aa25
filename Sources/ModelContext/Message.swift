// JSON-RPC 2.0, as the Model Context Protocol has it: one object on each line, no batches, parameters by name.

package import JSONText

/// How a client names one of its requests.
package enum RequestID: Hashable, Sendable {
    case integer(Int)
    case text(String)

    /// nil for what names none.
    init?(_ value: JSONValue?) {
        switch value {
        case .integer(let integer)?: self = .integer(integer)
        case .text(let text)?: self = .text(text)
        default: return nil
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        }
    }
}

package struct RPCError: Error, Equatable, Sendable {
    package var code: Int
    package var message: String

    static func noJSON(_ message: String) -> RPCError { RPCError(code: -32700, message: message) }
    static func invalidRequest(_ message: String) -> RPCError { RPCError(code: -32600, message: message) }
    static func noMethod(_ name: String) -> RPCError {
        RPCError(code: -32601, message: "There is no method \(name.prefix(80)).")
    }
    static func invalidParameters(_ message: String) -> RPCError { RPCError(code: -32602, message: message) }
    static let busy = RPCError(code: -32000, message: "Too many calls wait for their answers.")
}

/// What a line says.
package enum IncomingMessage: Equatable, Sendable {
    case request(RequestID, method: String, [String: JSONValue])
    case notification(method: String, [String: JSONValue])
    /// An answer to a request of ours: there are none.
    case answer
    case fault(RPCError, RequestID?)
    /// A line without anything.
    case blank

    package init(_ line: [UInt8]) {
        guard line.contains(where: { $0 > UInt8(ascii: " ") }) else {
            self = .blank
            return
        }
        guard let value = JSONValue(line) else {
            self = .fault(.noJSON("The line is no JSON."), nil)
            return
        }
        guard let fields = value.object else {
            let isBatch = if case .list = value { true } else { false }
            self = .fault(
                .invalidRequest(isBatch ? "Batches are not taken: send one object a line." : "A message is an object."),
                nil)
            return
        }
        self = Self.message(fields)
    }

    private static func message(_ fields: [String: JSONValue]) -> IncomingMessage {
        let id = RequestID(fields["id"])
        func fault(_ error: RPCError) -> IncomingMessage { .fault(error, id) }
        guard fields["jsonrpc"] == "2.0" else { return fault(.invalidRequest("jsonrpc is not \"2.0\".")) }
        guard fields["id"] == nil || id != nil else { return fault(.invalidRequest("id is a string or an integer.")) }
        guard let named = fields["method"] else {
            let isAnswer = fields["result"] != nil || fields["error"] != nil
            return isAnswer ? .answer : fault(.invalidRequest("There is no method."))
        }
        guard let method = named.text else { return fault(.invalidRequest("method is a string.")) }
        guard let parameters = (fields["params"] ?? [:]).object else {
            // Nobody waits for the answer to a notification.
            return id == nil ? .blank : fault(.invalidParameters("params is an object."))
        }
        if let id { return .request(id, method: method, parameters) }
        return .notification(method: method, parameters)
    }
}

enum OutgoingMessage {
    static func result(_ id: RequestID, _ result: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "id": id.json, "result": result]
    }

    static func error(_ id: RequestID?, _ error: RPCError) -> JSONValue {
        [
            "jsonrpc": "2.0", "id": id?.json ?? .null,
            "error": ["code": .integer(error.code), "message": .text(error.message)],
        ]
    }

    static func notification(_ method: String, _ parameters: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "method": .text(method), "params": parameters]
    }
}
