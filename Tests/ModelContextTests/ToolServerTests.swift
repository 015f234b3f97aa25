import JSONText
import Testing

@testable import ModelContext

/// What the server does about each line.
@Suite struct ToolServerTests {
    static func server(initialized: Bool = true) -> ToolServer {
        let tool = Tool(
            name: "hum", title: "Hum", description: "Hums.", input: ["type": "object"], output: ["type": "object"])
        var server = ToolServer(name: "test", version: "1", instructions: "Hum.", tools: [tool])
        if initialized { _ = server.handle(line(Self.initialize("2025-06-18"))) }
        return server
    }

    static func initialize(_ version: String) -> String {
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)"}}"#
    }

    static func line(_ text: String) -> ToolServer.Event { .line(.whole(Array(text.utf8))) }

    static func request(_ method: String, _ parameters: String = "{}", id: String = "1") -> ToolServer.Event {
        line(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(parameters)}"#)
    }

    /// The error's code, with the id that it names; nil when there is none.
    static func error(_ actions: [ToolServer.Action]) -> String? {
        guard case .send(let message)? = actions.first, actions.count == 1, let fields = message.object,
            case .integer(let code)? = fields["error"]?.object?["code"], fields["jsonrpc"] == "2.0",
            let id = fields["id"]
        else { return nil }
        return "\(code) \(id.line)"
    }

    static func result(_ actions: [ToolServer.Action]) -> [String: JSONValue]? {
        guard case .send(let message)? = actions.first, actions.count == 1 else { return nil }
        return message.object?["result"]?.object
    }

    // MARK: - The beginning

    @Test(arguments: ToolServer.versions)
    func aKnownVersionIsTaken(version: String) {
        var server = Self.server(initialized: false)
        let result = Self.result(server.handle(Self.line(Self.initialize(version))))
        #expect(result?["protocolVersion"]?.text == version)
        #expect(result?["serverInfo"] == ["name": "test", "version": "1"])
        #expect(result?["capabilities"] == ["tools": [:]] && result?["instructions"] == "Hum.")
    }

    @Test func anUnknownVersionGetsTheNewest() {
        var server = Self.server(initialized: false)
        let result = Self.result(server.handle(Self.line(Self.initialize("2031-01-01"))))
        #expect(result?["protocolVersion"]?.text == ToolServer.versions.first)
    }

    @Test func nothingButAPingComesBeforeTheBeginning() {
        var server = Self.server(initialized: false)
        #expect(Self.error(server.handle(Self.request("tools/list"))) == "-32600 1")
        #expect(Self.result(server.handle(Self.request("ping"))) == [:])
        #expect(Self.error(server.handle(Self.request("initialize"))) == "-32602 1")
        #expect(Self.result(server.handle(Self.line(Self.initialize("2024-11-05")))) != nil)
        #expect(Self.error(server.handle(Self.line(Self.initialize("2024-11-05")))) == "-32600 0")
        #expect(server.handle(Self.line(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)) == [])
    }

    // MARK: - Lines

    @Test(arguments: [
        ("{", "-32700 null"), ("7", "-32600 null"), ("[]", "-32600 null"), ("\u{1}x", "-32700 null"),
        (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, "-32600 null"),
        (#"{"id":1,"method":"ping"}"#, "-32600 1"), (#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, #"-32600 "a""#),
        (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "-32600 null"),
        (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, "-32600 null"),
        (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "-32600 null"),
        (#"{"jsonrpc":"2.0","id":1}"#, "-32600 1"), (#"{"jsonrpc":"2.0","id":1,"method":7}"#, "-32600 1"),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, "-32602 1"),
        (#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, "-32601 1"),
    ])
    func whatIsNoRequestIsAnswered(text: String, error: String) {
        var server = Self.server()
        #expect(Self.error(server.handle(Self.line(text))) == error)
    }

    @Test func whatAsksForNothingGetsNothing() {
        var server = Self.server()
        for text in [
            "", " \r", #"{"jsonrpc":"2.0","id":7,"result":{}}"#, #"{"jsonrpc":"2.0","id":7,"error":{}}"#,
            #"{"jsonrpc":"2.0","method":"notifications/nonsense"}"#, #"{"jsonrpc":"2.0","method":"ping","params":[]}"#,
        ] {
            #expect(server.handle(Self.line(text)) == [], "\(text)")
        }
    }

    @Test func badBytesAndLongLinesAreErrors() {
        var server = Self.server()
        #expect(Self.error(server.handle(.line(.whole([0xFF, 0xFE])))) == "-32700 null")
        #expect(Self.error(server.handle(.line(.tooLong))) == "-32600 null")
        let deep = String(repeating: "[", count: 100_000)
        #expect(Self.error(server.handle(Self.line(deep))) == "-32700 null")
    }

    // MARK: - Tools

    @Test func toolsAreListed() {
        var server = Self.server()
        let tools = Self.result(server.handle(Self.request("tools/list")))?["tools"]
        guard case .list(let list)? = tools, let tool = list.first?.object else {
            Issue.record("no list")
            return
        }
        #expect(tool["name"] == "hum" && tool["inputSchema"] == ["type": "object"])
        #expect(Self.error(server.handle(Self.request("tools/list", #"{"cursor":"a"}"#))) == "-32602 1")
    }

    @Test func aCallIsCarriedOutAndAnswered() {
        var server = Self.server()
        let begun = server.handle(Self.request("tools/call", #"{"name":"hum","arguments":{"a":1}}"#, id: #""x""#))
        #expect(begun == [.call(.text("x"), ToolCall(name: "hum", arguments: ["a": 1], wantsProgress: false))])
        #expect(server.handle(.progress(.text("x"), 1, "1 s")) == [])
        let result = Self.result(server.handle(.finished(.text("x"), ToolResult("Done.", structured: ["b": 2]))))
        #expect(result == ["content": [["type": "text", "text": "Done."]], "structuredContent": ["b": 2]])
        #expect(server.handle(.finished(.text("x"), ToolResult("Again."))) == [])
    }

    @Test func anErrorOfAToolIsAResult() {
        var server = Self.server()
        _ = server.handle(Self.request("tools/call", #"{"name":"hum"}"#))
        let result = Self.result(server.handle(.finished(.integer(1), ToolResult("No.", isError: true))))
        #expect(result?["isError"] == true)
    }

    @Test(arguments: [
        "{}", #"{"name":7}"#, #"{"name":"sing"}"#, #"{"name":"hum","arguments":[]}"#,
    ])
    func whatCallsNoToolIsAnError(parameters: String) {
        var server = Self.server()
        #expect(Self.error(server.handle(Self.request("tools/call", parameters))) == "-32602 1")
    }

    @Test func progressIsToldToWhoAsksAndNeverFalls() {
        var server = Self.server()
        _ = server.handle(Self.request("tools/call", #"{"name":"hum","_meta":{"progressToken":"t"}}"#))
        let first = server.handle(.progress(.integer(1), 2, "2 s"))
        guard case .send(let message)? = first.first else {
            Issue.record("no progress")
            return
        }
        #expect(message.object?["method"] == "notifications/progress" && message.object?["id"] == nil)
        #expect(message.object?["params"]?.object?["progressToken"] == "t")
        #expect(server.handle(.progress(.integer(1), 1, "1 s")) == [])
    }

    @Test func aCancelledCallIsNotAnswered() {
        var server = Self.server()
        _ = server.handle(Self.request("tools/call", #"{"name":"hum"}"#))
        let cancel = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
        #expect(server.handle(Self.line(cancel)) == [.cancel(.integer(1))])
        #expect(server.handle(Self.line(cancel)) == [])
        #expect(server.handle(.finished(.integer(1), ToolResult("Late."))) == [])
    }

    @Test func callsAreBounded() {
        var server = Self.server()
        for id in 0..<ToolServer.callLimit {
            #expect(server.handle(Self.request("tools/call", #"{"name":"hum"}"#, id: "\(id)")).count == 1)
        }
        #expect(Self.error(server.handle(Self.request("tools/call", #"{"name":"hum"}"#, id: "99"))) == "-32000 99")
        #expect(Self.error(server.handle(Self.request("tools/call", #"{"name":"hum"}"#, id: "5"))) == "-32600 5")
        _ = server.handle(.finished(.integer(5), ToolResult("")))
        #expect(server.handle(Self.request("tools/call", #"{"name":"hum"}"#, id: "99")).count == 1)
    }
}

@Suite struct LineSplitterTests {
    @Test(arguments: 1...9)
    func linesDoNotDependOnThePieces(length: Int) {
        let bytes = Array("one\n\ntwo\nlonger\nthree".utf8)
        var splitter = LineSplitter(limit: 5)
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: length) {
            lines += splitter.push(bytes[start..<min(start + length, bytes.count)])
        }
        #expect(lines == [.whole(Array("one".utf8)), .whole([]), .whole(Array("two".utf8)), .tooLong])
        #expect(splitter.push(Array("\n".utf8)) == [.whole(Array("three".utf8))])
    }
}

@Suite struct ToolArgumentsTests {
    static func arguments(_ fields: [String: JSONValue]) throws(ToolFault) -> ToolArguments {
        try ToolArguments(ToolCall(name: "hum", arguments: fields, wantsProgress: false), known: ["a"])
    }

    @Test func whatIsWrongIsNamed() throws {
        #expect(throws: ToolFault("hum has no argument b. It has: a.")) { try Self.arguments(["b": 1]) }
        #expect(throws: ToolFault("a is a string.")) { try Self.arguments(["a": 1]).text("a") }
        #expect(throws: ToolFault("a is missing.")) { try Self.arguments(["a": .null]).needed("a", limit: 5) }
        #expect(throws: ToolFault("a has 6 characters; the limit is 5.")) {
            try Self.arguments(["a": "abcdef"]).text("a", limit: 5)
        }
        for wrong: JSONValue in ["fast", 5, true, .number(.infinity)] {
            #expect(throws: ToolFault("a is a number from 1.0 to 2.0.")) {
                try Self.arguments(["a": wrong]).number("a", 1...2)
            }
        }
        #expect(throws: ToolFault("a is true or false.")) { try Self.arguments(["a": "yes"]).flag("a") }
        #expect(try Self.arguments(["a": 2]).number("a", 1...2) == 2)
        #expect(try Self.arguments([:]).number("a", 1...2) == nil)
    }
}

@Suite struct JSONValueTests {
    @Test(arguments: ["null", "true", "1", "1.5", #""a""#, "[1,[]]", #"{"a":{"b":null}}"#])
    func valuesComeBack(json: String) { #expect(JSONValue(Array(json.utf8))?.line == json) }

    /// A line stays one line.
    @Test func lineBreaksAreEscaped() { #expect(JSONValue.text("a\nb\r\u{2028}").line.contains("\n") == false) }
}
