import Foundation
import Logging
import NIOHTTP1
import Speech
import Testing

@testable import Server

@Suite struct OpenAPITests {
    /// What the document describes is what the router answers, no more and no less.
    @Test func theDocumentNamesTheRoutersPaths() throws {
        let store = VoiceStore(directory: "/nonexistent", builtIn: nil, defaultVoice: "makima")
        let library = VoiceLibrary(store, cacheDirectory: nil)
        let service = SpeechService(.tone, voices: library, logger: Logger(label: "test")) { _, _ in
            SynthesisScheduler(ToneEngine())
        }
        let routes = Router.all(service).routes.map { route in
            let path = route.pattern.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : $0 }.joined(separator: "/")
            return "\(route.method.rawValue.lowercased()) /\(path)"
        }
        let document = try JSONSerialization.jsonObject(with: Data(openAPIDocument.utf8)) as? [String: Any]
        let paths = try #require(document?["paths"] as? [String: [String: Any]])
        let described = paths.flatMap { path, operations in
            operations.keys.filter { $0 != "parameters" }.map { "\($0) \(path)" }
        }
        #expect(routes.sorted() == described.sorted())
    }
}
