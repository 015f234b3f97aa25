// Parsers of what comes through the doors. Bytes arrive in pieces as the network pleases: the pieces must not matter.

import NIOCore
import NIOEmbedded
import NIOWebSocket
import Server
import Speech

/// `bytes` after the first, in pieces as long as the first says.
private func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    guard let first = bytes.first else { return [] }
    let length = Int(first) + 1
    return stride(from: 1, to: bytes.count, by: length).map { bytes[$0..<min($0 + length, bytes.count)] }
}

func parseMultipart(_ bytes: [UInt8]) {
    if let header = String(validating: bytes, as: UTF8.self) { _ = MultipartParser.boundary(header) }
    let pieces = pieces(bytes)
    precondition(events([bytes.dropFirst()]) == events(pieces), "pieces matter")
}

/// What a form holds, in short; nil when it is malformed.
private func events(_ pieces: [ArraySlice<UInt8>]) -> [String]? {
    var parser = MultipartParser(boundary: "b")
    var found: [String] = []
    var size = 0
    for piece in pieces {
        do {
            try parser.feed(ByteBuffer(bytes: piece)) { event in
                switch event {
                case .part(let name, let file): found.append("\(name.debugDescription) \(file.debugDescription)")
                case .data(let data): size += data.readableBytes
                case .partEnd, .end: found.append("\(size)")
                }
            }
        } catch {
            return nil
        }
    }
    return found + ["\(parser.isComplete)"]
}

func parseWyoming(_ bytes: [UInt8]) {
    let whole = wyomingEvents([bytes.dropFirst()])
    precondition(whole == wyomingEvents(pieces(bytes)), "pieces matter")
    for event in whole {
        let again = wyomingEvents([ArraySlice(event.bytes.readableBytesView)])
        precondition(again == [event], "an event does not come back")
    }
}

private func wyomingEvents(_ pieces: [ArraySlice<UInt8>]) -> [WyomingEvent] {
    var decoder = WyomingDecoder()
    var events: [WyomingEvent] = []
    for piece in pieces {
        decoder.append(ByteBuffer(bytes: piece))
        do {
            while let event = try decoder.next() { events.append(event) }
        } catch {
            break
        }
    }
    return events
}

/// The input is frames; their texts, and the input itself, are messages.
func parseFrames(_ bytes: [UInt8]) {
    if let text = String(validating: bytes.dropFirst(), as: UTF8.self) { parseMessage(text) }
    let limits = WebSocketLimits()
    let channel = EmbeddedChannel(
        handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.frame)))
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var assembly = MessageAssembly()
    do {
        for piece in pieces(bytes) {
            try channel.writeInbound(ByteBuffer(bytes: piece))
            while let frame = try channel.readInbound(as: WebSocketFrame.self) {
                if case .message(.text(let text)) = try assembly.take(frame, frame.unmaskedData, limit: limits.message)
                {
                    parseMessage(text)
                }
            }
        }
    } catch {
        return
    }
}

private func parseMessage(_ text: String) {
    _ = try? ListenMessage(text)
    _ = try? RealtimeClientEvent(text, textLimit: 10_000)
    guard let message = try? ClientMessage(text) else { return }
    if case .start(let start) = message {
        precondition(
            StartMessage.sampleRates.contains(start.sampleRate) && start.speed.map((0.25...4).contains) ?? true)
    }
}

func parseSettings(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    _ = try? ServerConfiguration(file: ("makima.toml", text), environment: [:], flags: [])
    guard let entries = try? TOML.parse(text) else { return }
    for entry in entries {
        let again = try? TOML.parse("\(entry.name) = \(TOML.write(entry.value))")
        precondition(again?.first?.value == entry.value, "a value is not read as it was written")
    }
}

private let languages = ["auto"] + Language.all.map(\.name)

/// The first byte is the language.
func parseSSML(_ bytes: [UInt8]) {
    guard bytes.count > 1, let text = String(validating: bytes.dropFirst(), as: UTF8.self) else { return }
    let form = SpokenForm(language: languages[Int(bytes[0]) % languages.count])
    let script = SpeechScript(text, format: .ssml, form: form)
    let count = text.unicodeScalars.count
    for case .text(let passage) in script.steps {
        precondition((0...count).contains(passage.words.original.upperBound), "words come from outside the text")
        precondition((0.25...4).contains(passage.rate), "a speed that nothing plays")
    }
    let marked = script.marked
    precondition(marked.originalCount == count, "a part of the text has no words")
}

/// The first byte is the language, the second the length of the pieces in which the text comes.
func parseText(_ bytes: [UInt8]) {
    guard bytes.count > 2, let text = String(validating: bytes.dropFirst(2), as: UTF8.self) else { return }
    let form = SpokenForm(language: languages[Int(bytes[0]) % languages.count])
    let spoken = form.convert(text)
    let count = text.unicodeScalars.count
    var last = 0
    for offset in 0...spoken.text.unicodeScalars.count {
        let origin = spoken.originalOffset(ofSpoken: offset)
        precondition(origin >= last && origin <= count, "an origin falls, or lies outside")
        last = origin
    }
    let sentences = SentenceSplitter().split(spoken.text)
    precondition(sentences.map(\.text).joined() == spoken.text, "the splitter loses text")
    speak(text, form, every: Int(bytes[1]) + 1)
}

/// A text that comes in pieces, as far as the model.
private func speak(_ text: String, _ form: SpokenForm, every length: Int) {
    var open = OpenText(form)
    var queue = TextQueue("", isOpen: true)
    let scalars = Array(text.unicodeScalars)
    for start in stride(from: 0, to: scalars.count, by: length) {
        let end = min(start + length, scalars.count)
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: scalars[start..<end])
        let isLast = end == scalars.count
        queue.append(open.append(String(piece), isLast: isLast).text, isLast: isLast)
        while queue.next(whole: true) != nil {}
    }
    precondition(queue.isExhausted, "text is left over")
}
