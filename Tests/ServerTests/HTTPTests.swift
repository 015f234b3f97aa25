import NIOCore
import NIOHTTP1
import NIOWebSocket
import TestSupport
import Testing

@testable import Server

@Suite struct RequestTargetTests {
    @Test func pathsAndQueriesAreTakenApart() {
        #expect(RequestTarget("/api/v1/voices/frau%2Dx?a=1&b=%20+c&d")?.path == ["api", "v1", "voices", "frau-x"])
        #expect(RequestTarget("/x?a=1&b=%20+c&d")?.query == ["a": "1", "b": "  c", "d": ""])
        #expect(RequestTarget("/")?.path == [])
        #expect(RequestTarget("//a//")?.path == ["a"])
    }

    @Test func anAbsoluteTargetNamesItsHost() {
        #expect(RequestTarget("http://box:8012/a/b?c=d")?.path == ["a", "b"])
        #expect(RequestTarget("http://box:8012/a/b?c=d")?.authority == "box:8012")
        #expect(RequestTarget("HTTPS://box")?.path == [])
        #expect(RequestTarget("http://box?c=d")?.query == ["c": "d"])
        #expect(RequestTarget("/http://box/")?.authority == nil)
    }

    @Test(arguments: [
        "/..", "/a/%2e%2e/b", "/a/./b", "/%", "/%zz", "/%ff", "/a%2fb", "/a%00b", "/a?b=%", "/a?b=%+a", "/%+a", "/%-0",
        "http://", "http:///a", "http://a@b/",
    ])
    func badTargetsAreRefused(uri: String) {
        #expect(RequestTarget(uri) == nil)
    }
}

@Suite struct RouterTests {
    private static func router() -> Router {
        var router = Router()
        router.on(.GET, "/voices") { _ in Response() }
        router.on(.GET, "/voices/:id") { _ in Response() }
        router.on(.DELETE, "/voices/:id") { _ in Response() }
        return router
    }

    @Test func routesMatchByMethodAndSegments() {
        let router = Self.router()
        guard case .route(let route, let parameters) = router.match(.DELETE, ["voices", "x"]) else {
            Issue.record("no match")
            return
        }
        #expect(route.method == .DELETE)
        #expect(parameters == ["id": "x"])
        guard case .route = router.match(.HEAD, ["voices"]) else {
            Issue.record("HEAD is a GET")
            return
        }
        guard case .methodNotAllowed([.GET, .DELETE]) = router.match(.POST, ["voices", "x"]) else {
            Issue.record("no match")
            return
        }
        guard case .notFound = router.match(.GET, ["voices", "x", "y"]) else {
            Issue.record("a path of three was found")
            return
        }
    }

    @Test func optionsSayWhatMayBeDone() throws {
        let router = Self.router()
        for path in ["/voices/x", "*"] {
            let target = try #require(RequestTarget(path))
            #expect(router.options(target).headers["allow"] == ["DELETE, GET, HEAD, OPTIONS"])
        }
        let nothing = try #require(RequestTarget("/nothing"))
        #expect(router.options(nothing).status == .notFound)
    }
}

@Suite struct RequestGuardTests {
    private static func head(
        _ method: HTTPMethod = .GET, _ headers: HTTPHeaders, version: HTTPVersion = .http1_1
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: method, uri: "/", headers: headers)
    }

    @Test(arguments: [
        ("localhost", true), ("localhost:8012", true), ("127.0.0.1:80", true), ("192.168.1.7", true),
        ("[::1]:8012", true),
        ("makima.local", true), ("makima.local.", true), ("Makima.LOCAL.:8012", true), ("tts.example.org.", true),
        ("evil.example.com.", false), (".", false), ("box..", false), ("box", true), ("box.home.arpa", true),
        ("tts.example.org", true),
        ("TTS.Example.org:443", true),
        ("evil.example.com", false), ("localhost.evil.com", false), ("1.2.3.4.evil.com", false), ("", false),
        ("[::1", false),
    ])
    func onlyOurNamesAreAnswered(host: String, isOurs: Bool) {
        let requestGuard = RequestGuard(allowedHosts: ["tts.example.org"])
        let refusal = requestGuard.refusal(of: Self.head(.GET, ["host": host]))
        #expect((refusal == nil) == isOurs)
        if !isOurs { #expect(refusal?.status == .misdirectedRequest) }
    }

    @Test func aRequestNeedsOneHost() {
        let requestGuard = RequestGuard()
        #expect(requestGuard.refusal(of: Self.head(.GET, [:]))?.status == .badRequest)
        #expect(requestGuard.refusal(of: Self.head(.GET, [:], version: .http1_0)) == nil)
        var two: HTTPHeaders = ["host": "localhost"]
        two.add(name: "host", value: "localhost")
        #expect(requestGuard.refusal(of: Self.head(.GET, two))?.status == .badRequest)
    }

    @Test func pagesOfOtherOriginsChangeNothing() {
        let requestGuard = RequestGuard(allowedOrigins: ["https://app.example.org"])
        func status(_ method: HTTPMethod, _ origin: String) -> HTTPResponseStatus? {
            requestGuard.refusal(of: Self.head(method, ["host": "box:8012", "origin": origin]))?.status
        }
        #expect(status(.POST, "http://box:8012") == nil)
        #expect(status(.POST, "https://app.example.org") == nil)
        #expect(status(.POST, "https://evil.example.com") == .forbidden)
        #expect(status(.DELETE, "null") == .forbidden)
        #expect(status(.GET, "https://evil.example.com") == nil)
        let handshake: HTTPHeaders = [
            "host": "box:8012", "origin": "https://evil.example.com", "upgrade": "websocket", "connection": "Upgrade",
            "sec-websocket-version": "13", "sec-websocket-key": "x",
        ]
        #expect(requestGuard.refusal(of: Self.head(.GET, handshake))?.status == .forbidden)
        // A file, a frame without an origin, a name that now leads here: none of them is this server's page.
        for origin in ["null", "file://", "http://rebound.example.com:8012", "box:8012", "http://box:8013", ""] {
            var other = handshake
            other.replaceOrAdd(name: "origin", value: origin)
            #expect(requestGuard.refusal(of: Self.head(.GET, other))?.status == .forbidden, "\(origin)")
        }
        var rebound = handshake
        rebound.replaceOrAdd(name: "origin", value: "http://rebound.example.com:8012")
        rebound.replaceOrAdd(name: "host", value: "rebound.example.com:8012")
        #expect(requestGuard.refusal(of: Self.head(.GET, rebound))?.status == .misdirectedRequest)
    }

    /// Addresses that do something when they are opened: by people and players, not by pages of others.
    @Test(arguments: [
        ([:], false), (["user-agent": "Lavf/60.16.100"], false), (["origin": "http://box:8012"], false),
        (["referer": "http://box:8012/"], false), (["referer": "https://app.example.org/chat"], false),
        (["sec-fetch-site": "none"], false), (["sec-fetch-site": "same-origin"], false),
        (["user-agent": "Mozilla/5.0", "upgrade-insecure-requests": "1"], false),
        (["origin": "https://evil.example.com"], true), (["origin": "null"], true),
        (["referer": "https://evil.example.com/box:8012/"], true),
        (["referer": "http://box:8012@evil.example.com/"], true),
        (["referer": "nonsense"], true), (["sec-fetch-site": "cross-site"], true),
        (["sec-fetch-site": "same-site"], true),
        (["sec-fetch-site": "cross-site", "referer": "https://app.example.org/"], false),
        (["user-agent": "Mozilla/5.0 (X11; Linux x86_64)"], true),
    ])
    func pagesOfOthersOpenNothing(headers: [String: String], isFromElsewhere: Bool) {
        let requestGuard = RequestGuard(allowedOrigins: ["https://app.example.org"])
        var all: HTTPHeaders = ["host": "box:8012"]
        for (name, value) in headers { all.add(name: name, value: value) }
        #expect(requestGuard.isFromElsewhere(Self.head(.GET, all)) == isFromElsewhere)
    }

    @Test func aPreflightAllowsWhatAnSDKAsksFor() {
        let requestGuard = RequestGuard(allowedOrigins: ["*"])
        let asked = "Authorization, content-type,x-stainless-arch, X-Stainless-Retry-Count, evil\u{e9}, "
        let head = Self.head(
            .OPTIONS,
            [
                "host": "box", "origin": "https://app.example.org", "access-control-request-method": "POST",
                "access-control-request-headers": asked,
            ])
        let response = requestGuard.preflight(head)
        #expect(response.status == .noContent)
        #expect(
            response.headers["access-control-allow-headers"]
                == ["authorization, content-type, x-stainless-arch, x-stainless-retry-count"])
        #expect(response.headers["vary"] == ["origin", "access-control-request-headers"])
    }

    @Test func answersThatDependOnTheOriginSayIt() {
        var response = Response()
        RequestGuard(allowedOrigins: ["https://app.example.org"])
            .addHeaders(to: &response, for: Self.head(.GET, ["host": "box"]))
        #expect(response.headers["vary"] == ["origin"])
        #expect(!response.headers.contains(name: "access-control-allow-origin"))
    }

    @Test func corsIsOffUnlessConfigured() {
        let head = Self.head(.OPTIONS, ["host": "box", "origin": "https://app.example.org"])
        #expect(RequestGuard().preflight(head).status == .forbidden)
        let allowed = RequestGuard(allowedOrigins: ["https://app.example.org"]).preflight(head)
        #expect(allowed.status == .noContent)
        #expect(allowed.headers["access-control-allow-origin"] == ["https://app.example.org"])
        var response = Response()
        RequestGuard().addHeaders(to: &response, for: head)
        #expect(!response.headers.contains(name: "access-control-allow-origin"))
    }
}

@Suite struct MultipartParserTests {
    private static let form =
        "preamble\r\n--B\r\nContent-Disposition: form-data; name=\"audio\"; filename=\"../../etc/passwd\"\r\n"
        + "Content-Type: audio/wav\r\n\r\nRIFF\r\n--C\r\n--\r\n--B\r\n"
        + "content-disposition: form-data; name=name\r\n\r\n\r\n--B--\r\nepilogue"

    /// Fed in pieces of `size` bytes; data joined.
    private static func parse(_ text: String, _ size: Int) throws -> [String] {
        var parser = MultipartParser(boundary: "B")
        var log: [String] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            try parser.feed(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])) { event in
                switch event {
                case .part(let name, let file): log.append("part \(name) \(file ?? "-")")
                case .data(let data):
                    let piece = String(buffer: data)
                    if log.last?.hasPrefix("data ") == true {
                        log[log.count - 1] += piece
                    } else {
                        log.append("data " + piece)
                    }
                case .partEnd: log.append("partEnd")
                case .end: log.append("end")
                }
            }
        }
        return log
    }

    @Test(arguments: [1, 2, 3, 7, 64, 10_000]) func aFormIsTheSameInPiecesOfAnySize(size: Int) throws {
        #expect(
            try Self.parse(Self.form, size) == [
                "part audio ../../etc/passwd", "data RIFF\r\n--C\r\n--", "partEnd", "part name -", "partEnd", "end",
            ])
    }

    @Test(arguments: [
        "--Bxx\r\n", "--B\r\nno colon\r\n\r\n", "--B\r\nContent-Disposition: form-data\r\n\r\n",
        "--B\r\nContent-Disposition: form-data; name=\"open\r\n\r\n", "--B\r\n" + String(repeating: "x", count: 20_000),
    ])
    func malformedFormsAreNamed(text: String) {
        #expect(throws: MultipartParser.Malformed.self) { try Self.parse(text, 100) }
    }

    @Test func aFormWithoutAnEndIsIncomplete() throws {
        var parser = MultipartParser(boundary: "B")
        try parser.feed(ByteBuffer(string: "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nabc")) { _ in }
        #expect(!parser.isComplete)
    }

    @Test(
        arguments: [
            ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data; charset=x; boundary=\"a b\"", "a b"),
            ("multipart/form-data", nil), ("multipart/form-data; boundary=", nil),
            ("application/json; boundary=abc", nil),
            ("multipart/form-data; boundary=\"é\"", nil),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), nil),
        ] as [(String, String?)])
    func boundariesAreReadFromTheType(type: String, boundary: String?) {
        #expect(MultipartParser.boundary(type) == boundary)
    }

    @Test(arguments: [UInt64(1), 2, 3]) func changedFormsNeverTrap(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<300 {
            var bytes = Array(Self.form.utf8)
            for _ in 0...random.next() % 6 {
                let index = Int(random.next() % UInt64(bytes.count))
                if random.next() % 2 == 0 {
                    bytes.remove(at: index)
                } else {
                    bytes[index] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            var parser = MultipartParser(boundary: "B")
            var given = 0
            try? parser.feed(ByteBuffer(bytes: bytes)) { if case .data(let data) = $0 { given += data.readableBytes } }
            #expect(given <= bytes.count)
        }
    }
}

@Suite struct MessageAssemblyTests {
    private static func frame(
        _ opcode: WebSocketOpcode, _ text: String = "", fin: Bool = true, masked: Bool = true, rsv1: Bool = false
    ) -> WebSocketFrame {
        WebSocketFrame(
            fin: fin, rsv1: rsv1, opcode: opcode, maskKey: masked ? [1, 2, 3, 4] : nil, data: ByteBuffer(string: text))
    }

    private static func take(_ frames: [WebSocketFrame], limit: Int = 100) throws -> [MessageAssembly.Outcome] {
        var assembly = MessageAssembly()
        return try frames.map { try assembly.take($0, $0.data, limit: limit) }
    }

    @Test func fragmentsBecomeOneMessageAroundControlFrames() throws {
        let frames = [
            Self.frame(.text, "a", fin: false), Self.frame(.ping), Self.frame(.continuation, "b", fin: false),
            Self.frame(.pong),
            Self.frame(.continuation, "c"), Self.frame(.text, "d"),
        ]
        #expect(
            try Self.take(frames) == [
                .incomplete, .ping, .incomplete, .pong, .message(.text("abc")), .message(.text("d")),
            ])
    }

    @Test func closeCodesAreChecked() throws {
        func close(_ bytes: [UInt8]) -> WebSocketFrame {
            WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: [1, 2, 3, 4], data: ByteBuffer(bytes: bytes))
        }
        #expect(try Self.take([close([])]) == [.close(nil)])
        #expect(try Self.take([close([3, 232])]) == [.close(1000)])
        for bytes in [[3], [3, 236], [0, 0], [7, 208], [3, 232, 0xff]] as [[UInt8]] {
            #expect(throws: WebSocketClosure.self) { try Self.take([close(bytes)]) }
        }
    }

    @Test func violationsCloseWithTheirCode() {
        let cases: [([WebSocketFrame], UInt16)] = [
            ([Self.frame(.text, "a", masked: false)], 1002), ([Self.frame(.text, "a", rsv1: true)], 1002),
            ([Self.frame(.continuation, "a")], 1002),
            ([Self.frame(.text, "a", fin: false), Self.frame(.text, "b")], 1002),
            ([Self.frame(WebSocketOpcode(encodedWebSocketOpcode: 5)!, "a")], 1002),
            ([Self.frame(.text, String(repeating: "x", count: 101))], 1009),
            (
                [
                    Self.frame(.binary, String(repeating: "x", count: 60), fin: false),
                    Self.frame(.continuation, String(repeating: "x", count: 60)),
                ], 1009
            ),
        ]
        for (frames, code) in cases {
            let closure = #expect(throws: WebSocketClosure.self) { try Self.take(frames) }
            #expect(closure?.code == code)
        }
        let bad = WebSocketFrame(fin: true, opcode: .text, maskKey: [0, 0, 0, 0], data: ByteBuffer(bytes: [0xff]))
        let closure = #expect(throws: WebSocketClosure.self) { try Self.take([bad]) }
        #expect(closure?.code == 1007)
    }
}
