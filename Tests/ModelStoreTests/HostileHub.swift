// A hub on the loopback that serves a small model, and misbehaves as each test asks it to.

import Crypto
import Files
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import ModelStore

final class HostileHub: Sendable {
    /// What one answer does wrong.
    enum Fault: Sendable {
        case status(Int, [(String, String)] = [])
        /// Sends so many bytes of the body, then nothing more.
        case stall(after: Int)
        /// Sends so many bytes of the body, then hangs up.
        case hangUp(after: Int)
        case flipByte
        case announce(Int)
        case overlong
        case ignoreRange
        case contentRange(String)
        case body(String)
    }

    struct Request: Sendable {
        let uri: String
        let headers: HTTPHeaders
    }

    private struct State {
        var faults: [String: [Fault]] = [:]
        var requests: [Request] = []
    }

    static let id = "Qwen/Tiny-Base"
    static let commit = String(repeating: "5d83992436", count: 4)

    let files: [String: [UInt8]]
    let port: Int
    private let channel: any Channel
    private let state = Mutex(State())

    var endpoint: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    func requests(of path: String) -> [Request] { requests.filter { $0.uri.hasSuffix(path) } }

    static let modelFiles: [String: [UInt8]] = [
        "config.json": Array(#"{"model_type": "qwen3_tts"}"#.utf8),
        "model.safetensors": (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) },
        "speech_tokenizer/model.safetensors": (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 17) },
        "README.md": Array("not wanted".utf8), ".gitattributes": Array("not wanted".utf8),
    ]

    /// - Parameter faults: what to do wrong, by path, in the order of the requests for it.
    init(files: [String: [UInt8]] = modelFiles, faults: [String: [Fault]] = [:]) async throws {
        self.files = files
        let box = AnswerBox()
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress!.port!
        state.withLock { $0.faults = faults }
        box.answer.withLock { $0 = { [unowned self] in self.answer($0) } }
    }

    func stop() async { try? await channel.close() }

    // MARK: Answers

    struct Answer: Sendable {
        var status = 200
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        /// Bytes of the body to send; then `ending`.
        var sent: Int?
        var ending = Ending.complete
        enum Ending { case complete, hangUp, stall }
    }

    private func answer(_ head: HTTPRequestHead) -> Answer {
        let fault = state.withLock { state -> Fault? in
            state.requests.append(Request(uri: head.uri, headers: head.headers))
            for path in state.faults.keys where head.uri.contains(path) && !state.faults[path]!.isEmpty {
                return state.faults[path]!.removeFirst()
            }
            return nil
        }
        var answer = Answer()
        if head.uri.hasPrefix("/api/models/") {
            answer.body = Array(description.utf8)
        } else if let path = head.uri.components(separatedBy: "/resolve/\(Self.commit)/").dropFirst().first,
            let bytes = files[path]
        {
            answer = whole(bytes, range: head.headers.first(name: "Range"), tag: head.headers.first(name: "If-Range"))
        } else if head.uri.hasPrefix("/elsewhere/"), let bytes = files[String(head.uri.dropFirst(11))] {
            answer = whole(bytes, range: head.headers.first(name: "Range"), tag: nil)
        } else {
            answer.status = 404
        }
        return spoil(answer, fault)
    }

    private func whole(_ bytes: [UInt8], range: String?, tag: String?) -> Answer {
        var answer = Answer(headers: [("ETag", "\"v1\"")], body: bytes)
        guard let start = range.flatMap({ Int($0.dropFirst("bytes=".count).dropLast()) }), tag ?? "\"v1\"" == "\"v1\""
        else { return answer }
        answer.status = 206
        answer.headers.append(("Content-Range", "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"))
        answer.body = Array(bytes[start...])
        return answer
    }

    private func spoil(_ sound: Answer, _ fault: Fault?) -> Answer {
        var answer = sound
        switch fault {
        case nil: break
        case .status(let status, let headers): answer = Answer(status: status, headers: headers)
        case .stall(let count): (answer.sent, answer.ending) = (count, .stall)
        case .hangUp(let count): (answer.sent, answer.ending) = (count, .hangUp)
        case .flipByte: answer.body[answer.body.count / 2] ^= 1
        case .announce(let length): answer.headers.append(("Content-Length", "\(length)"))
        case .overlong: answer = Answer(headers: [("Transfer-Encoding", "chunked")], body: sound.body + [0])
        case .ignoreRange: answer = Answer(body: files["model.safetensors"]!)
        case .contentRange(let text): answer.headers = [("Content-Range", text)]
        case .body(let text): answer = Answer(body: Array(text.utf8))
        }
        return answer
    }

    /// As the hub describes a model: small files by git's hash, large ones by SHA-256.
    private var description: String {
        let siblings = files.sorted { $0.key < $1.key }.map { path, bytes in
            let blob = Insecure.SHA1.hash(data: Array("blob \(bytes.count)\0".utf8) + bytes)
            let large = "{\"sha256\": \"\(hexadecimal(SHA256.hash(data: bytes)))\", \"size\": \(bytes.count)}"
            return """
                {"rfilename": "\(path)", "size": \(bytes.count), "blobId": "\(hexadecimal(blob))"\
                \(bytes.count > 1000 ? ", \"lfs\": \(large)" : "")}
                """
        }
        return
            "{\"id\": \"\(Self.id)\", \"sha\": \"\(Self.commit)\", \"siblings\": [\(siblings.joined(separator: ","))]}"
    }
}

private final class AnswerBox: Sendable {
    let answer = Mutex<(@Sendable (HTTPRequestHead) -> HostileHub.Answer)?>(nil)
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let box: AnswerBox
    private var head: HTTPRequestHead?

    init(box: AnswerBox) { self.box = box }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            if let head, let answer = box.answer.withLock({ $0 }) { send(answer(head), context) }
        }
    }

    private func send(_ answer: HostileHub.Answer, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(answer.headers)
        if !headers.contains(name: "Content-Length"), !headers.contains(name: "Transfer-Encoding") {
            headers.add(name: "Content-Length", value: "\(answer.body.count)")
        }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(bytes: answer.body.prefix(answer.sent ?? answer.body.count))
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        switch answer.ending {
        case .complete: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        case .hangUp: context.close(promise: nil)
        case .stall: break
        }
    }
}
