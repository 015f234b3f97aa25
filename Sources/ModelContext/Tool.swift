// What a server of the Model Context Protocol offers to a language model.

package import JSONText

package struct Tool: Sendable {
    package var name: String
    package var title: String
    package var description: String
    /// JSON Schema of its arguments, and of what it finds where that has a shape.
    package var input: JSONValue
    package var output: JSONValue?
    /// Changes nothing.
    package var isReadOnly: Bool

    package init(
        name: String, title: String, description: String, input: JSONValue, output: JSONValue? = nil,
        isReadOnly: Bool = false
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.input = input
        self.output = output
        self.isReadOnly = isReadOnly
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "name": .text(name), "title": .text(title), "description": .text(description), "inputSchema": input,
            "annotations": ["readOnlyHint": .flag(isReadOnly), "destructiveHint": false, "openWorldHint": false],
        ]
        fields["outputSchema"] = output
        return .object(fields)
    }
}

package struct ToolCall: Equatable, Sendable {
    package var name: String
    package var arguments: [String: JSONValue]
    /// Whether the client wants to be told how far it is.
    package var wantsProgress: Bool
}

/// What a tool found, or why it could not do what it should: the language model reads both.
package struct ToolResult: Equatable, Sendable {
    package var text: String
    package var structured: JSONValue?
    package var isError: Bool

    package init(_ text: String, structured: JSONValue? = nil, isError: Bool = false) {
        self.text = text
        self.structured = structured
        self.isError = isError
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = ["content": [["type": "text", "text": .text(text)]]]
        fields["structuredContent"] = structured
        if isError { fields["isError"] = true }
        return .object(fields)
    }
}

package protocol Toolbox: Sendable {
    var tools: [Tool] { get }

    /// Carries a call out; ends early where its task is cancelled.
    /// - Parameter progress: how far it is, in a unit of its own, and in words.
    @concurrent func call(_ call: ToolCall, progress: @escaping @Sendable (Double, String) -> Void) async -> ToolResult
}
