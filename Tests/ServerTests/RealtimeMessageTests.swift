import Foundation
import Testing

@testable import Server

/// The events of /v1/realtime as they are on the wire.
@Suite struct RealtimeMessageTests {
    static func read(_ json: String) throws(RealtimeError) -> RealtimeClientEvent {
        try RealtimeClientEvent(json, textLimit: 50)
    }

    static func refusal(_ json: String) -> String {
        do throws(RealtimeError) {
            _ = try read(json)
            return "taken"
        } catch {
            return "\(error.code) \(error.param ?? "-")"
        }
    }

    @Test func aSessionIsUpdated() throws {
        let event = try Self.read(
            """
            {"type":"session.update","event_id":"e1","session":{"type":"realtime","instructions":"Calmly.",\
            "audio":{"output":{"voice":{"id":"denji"},"speed":1.5,"format":{"type":"audio/pcm","rate":24000}}}}}
            """)
        #expect(event.id == "e1")
        #expect(event.kind == .update(.init(voice: "denji", speed: 1.5, instructions: "Calmly.")))
    }

    /// What a session says of itself can be sent back.
    @Test func aSessionsDescriptionAsksForNothing() throws {
        let session = RealtimeSessionDescription(id: "s", model: "m", defaultVoice: "makima", defaultSpeed: 1)
        let told = RealtimeServerEvent.sessionCreated(RealtimeSettings()).json(number: 1, in: session)
        let object = try #require(JSONSerialization.jsonObject(with: Data(told.utf8)) as? [String: Any])
        let update: [String: Any] = ["type": "session.update", "session": object["session"] as Any]
        let json = String(decoding: try JSONSerialization.data(withJSONObject: update), as: UTF8.self)
        #expect(try Self.read(json).kind == .update(.init(voice: "makima", speed: 1, instructions: "")))
    }

    @Test func aMessageIsRead() throws {
        let event = try Self.read(
            """
            {"type":"conversation.item.create","previous_item_id":"root","item":{"type":"message","role":"user","id":"a",\
            "content":[{"type":"input_text","text":"One."},{"type":"input_text","text":"Two \\ud83d\\ude00"}]}}
            """)
        let parts = ["One.", "Two 😀"].map { RealtimeItem.Part(kind: .inputText, text: $0) }
        #expect(event.kind == .createItem(RealtimeItem(id: "a", role: .user, parts: parts), after: "root"))
    }

    @Test(arguments: [
        (#""output_modalities":["text"]"#, "unsupported session.output_modalities"),
        (#""output_modalities":["text","audio"]"#, "unsupported session.output_modalities"),
        (#""tools":[{"type":"function","name":"f"}]"#, "unsupported session.tools"),
        (#""tools":[null]"#, "unsupported session.tools"), (#""tools":[]"#, "taken"), (#""tools":null"#, "taken"),
        (#""tool_choice":"required""#, "unsupported session.tool_choice"), (#""tool_choice":"auto""#, "taken"),
        (#""max_output_tokens":100"#, "unsupported session.max_output_tokens"),
        (#""max_output_tokens":"inf""#, "taken"), (#""tracing":"auto""#, "unsupported session.tracing"),
        (#""truncation":"disabled""#, "unsupported session.truncation"),
        (#""prompt":{}"#, "unsupported session.prompt"),
        (#""voice":"denji""#, "unknown_parameter session.voice"),
        (
            #""audio":{"input":{"turn_detection":{"type":"server_vad"}}}"#,
            "unsupported session.audio.input.turn_detection"
        ),
        (#""audio":{"input":{"turn_detection":null,"format":{"type":"audio/pcm"}}}"#, "taken"),
        (#""audio":{"output":{"format":{"type":"audio/pcmu"}}}"#, "unsupported session.audio.output.format.type"),
        (#""audio":{"output":{"format":{"rate":8000}}}"#, "unsupported session.audio.output.format.rate"),
        (#""audio":{"output":{"speed":9}}"#, "invalid_text session.audio.output.speed"),
        (#""audio":{"output":{"speed":"fast"}}"#, "invalid_text session.audio.output.speed"),
        (#""audio":{"output":{"voice":7}}"#, "invalid_text session.audio.output.voice"),
        (#""audio":{"output":[]}"#, "invalid_text session.audio.output"), (#""audio":7"#, "invalid_text session.audio"),
    ])
    func whatASessionCannotBeIsNamed(fields: String, refusal: String) {
        #expect(Self.refusal(#"{"type":"session.update","session":{"type":"realtime",\#(fields)}}"#) == refusal)
    }

    @Test(arguments: [
        ("", "invalid_text -"), ("[]", "invalid_text -"), ("{}", "missing_required_parameter type"),
        (#"{"type":7}"#, "invalid_text type"), (#"{"type":"speak"}"#, "invalid_value type"),
        (#"{"type":"input_audio_buffer.append","audio":"AAAA"}"#, "unsupported type"),
        (#"{"type":"session.update"}"#, "missing_required_parameter session"),
        (#"{"type":"session.update","session":{"type":"transcription"}}"#, "unsupported session.type"),
        (#"{"type":"session.update","session":{}}"#, "missing_required_parameter session.type"),
        (#"{"type":"response.cancel","response":{}}"#, "unknown_parameter response"),
        (#"{"type":"response.create","response":{"conversation":"mine"}}"#, "invalid_value response.conversation"),
        (#"{"type":"response.create","response":{"metadata":{"a":1}}}"#, "invalid_text response.metadata"),
        (#"{"type":"response.create","response":{"input":"text"}}"#, "invalid_text response.input"),
        (#"{"type":"response.create","response":{"input":[7]}}"#, "invalid_text response.input"),
        (
            #"{"type":"response.create","response":{"input":[{"type":"function_call"}]}}"#,
            "unsupported response.input[0].type"
        ),
        (
            #"{"type":"conversation.item.truncate","item_id":"a","content_index":0}"#,
            "missing_required_parameter audio_end_ms"
        ),
        (
            #"{"type":"conversation.item.truncate","item_id":"a","content_index":1,"audio_end_ms":1}"#,
            "invalid_value content_index"
        ),
        (
            #"{"type":"conversation.item.truncate","item_id":"a","content_index":0,"audio_end_ms":-1}"#,
            "invalid_text audio_end_ms"
        ),
        (#"{"type":"conversation.item.create","item":{"type":"function_call_output"}}"#, "unsupported item.type"),
        (#"{"type":"conversation.item.create","item":{"type":"message"}}"#, "missing_required_parameter item.role"),
        (#"{"type":"conversation.item.create","item":{"type":"message","role":"tool"}}"#, "invalid_value item.role"),
        (
            #"{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[]}}"#,
            "missing_required_parameter item.content"
        ),
    ])
    func whatIsNoEventIsNamed(json: String, refusal: String) {
        #expect(Self.refusal(json) == refusal)
    }

    @Test(arguments: [
        (#"{"type":"input_audio","audio":"AAAA"}"#, "unsupported item.content[1].type"),
        (#"{"type":"output_text","text":"a"}"#, "unsupported item.content[1].type"),
        (#"{"type":"input_text"}"#, "missing_required_parameter item.content[1].text"),
        (#"{"type":"input_text","text":"a","detail":"low"}"#, "unknown_parameter item.content[1].detail"),
        (
            #"{"type":"input_text","text":"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaab"}"#,
            "invalid_text item.content[1].text"
        ),
        (
            #"{"type":"input_text","text":"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaa"}"#,
            "invalid_text item.content"
        ),
    ])
    func whatAMessageCannotHoldIsNamed(part: String, refusal: String) {
        let content = #"[{"type":"input_text","text":"a"},\#(part)]"#
        let item = #"{"type":"message","role":"user","content":\#(content)}"#
        #expect(Self.refusal(#"{"type":"conversation.item.create","item":\#(item)}"#) == refusal)
    }

    @Test func anErrorKnowsItsEvent() {
        let error = #expect(throws: RealtimeError.self) { try Self.read(#"{"type":"speak","event_id":"e7"}"#) }
        #expect(error?.eventID == "e7")
    }

    @Test func deepJSONIsRefused() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(Self.refusal(#"{"type":"response.create","response":{"tools":"# + deep) == "invalid_text -")
        let closed = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        let json = #"{"type":"session.update","session":{"type":"realtime","tools":\#(closed)}}"#
        #expect(Self.refusal(json) == "unsupported session.tools")
    }

    @Test func errorsHaveOpenAIsShape() throws {
        var error = RealtimeError("unsupported", "No.", param: "session.tools")
        error.eventID = "e1"
        let session = RealtimeSessionDescription(id: "s", model: "m", defaultVoice: "v", defaultSpeed: 1)
        #expect(
            RealtimeServerEvent.error(error).json(number: 7, in: session) == """
                {"error":{"code":"unsupported","event_id":"e1","message":"No.","param":"session.tools",\
                "type":"invalid_request_error"},"event_id":"event_7","type":"error"}
                """)
    }
}
