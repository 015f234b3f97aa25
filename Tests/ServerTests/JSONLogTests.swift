import Foundation
import Logging
import Synchronization
import Testing

@testable import Server

@Suite struct JSONLogTests {
    @Test func everyLineIsAnObjectOfWhatWasSaid() throws {
        let written = Mutex("")
        var handler = JSONLogHandler(label: "makima") { line in written.withLock { $0 += line } }
        handler[metadataKey: "client"] = "ada"
        let logger = Logger(label: "makima") { [handler] _ in handler }
        logger.info(
            "two\nlines \"quoted\"",
            metadata: [
                "characters": .stringConvertible(12), "factor": .stringConvertible(0.25),
                "kept": .stringConvertible(true), "odd": .stringConvertible(Double.nan), "list": ["a", ["b": "c"]],
                // What the line itself says stays.
                "level": "fake", "message": "fake",
            ])
        logger.debug("not written")
        let lines = written.withLock { $0 }.split(separator: "\n")
        #expect(lines.count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
        #expect(object["message"] as? String == "two\nlines \"quoted\"" && object["level"] as? String == "info")
        #expect(object["logger"] as? String == "makima" && object["client"] as? String == "ada")
        #expect(object["characters"] as? Int == 12 && object["factor"] as? Double == 0.25)
        #expect(object["kept"] as? Bool == true && object["odd"] as? String == "nan")
        #expect((object["list"] as? [Any])?.count == 2)
        let time = try #require(object["time"] as? String)
        #expect(time.hasSuffix("Z") && time.contains("T") && time.contains("."))
    }
}
