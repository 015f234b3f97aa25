// The Hugging Face hub, or a mirror of it: what a model consists of, and its files, whole and checked.

import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

package enum PullEvent: Sendable, Equatable {
    case found(files: Int, bytes: Int)
    case downloading(file: String, done: Int, total: Int)
    case waiting(seconds: Double, reason: String)
    case converting(format: String, fraction: Double)
    case checking
}

package typealias PullProgress = (PullEvent) -> Void

struct HubClient: Sendable {
    let transport: HubTransport
    private var configuration: HubConfiguration { transport.configuration }

    static let answerLimit = 8 << 20

    func model(_ id: String, revision: String, progress: PullProgress) async throws(ModelStoreError) -> HubModel {
        let encoded = Self.percentEncoded(revision)
        let address = "\(configuration.endpoint)/api/models/\(id)/revision/\(encoded)?blobs=true"
        var retries = Retries(configuration)
        while true {
            let answer: Data
            do throws(TransferFailure) {
                answer = try await text(address, name: "\(id) (revision \(revision))")
            } catch {
                try await retries.pause(after: error, progress)
                continue
            }
            return try HubModel(id: id, answer: answer)
        }
    }

    /// A branch such as `refs/pr/1` is one component of the address.
    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            if character.isASCII && (character.isLetter || character.isNumber) || "-._~".contains(character) {
                return String(character)
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }

    private func text(_ address: String, name: String) async throws(TransferFailure) -> Data {
        let response = try await transport.get(address, name: name)
        do {
            return Data(try await response.body.collect(upTo: Self.answerLimit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw TransferFailure(
                error: .refused(url: address, reason: "its answer is over \(sizeText(Self.answerLimit))"))
        } catch {
            throw HubTransport.failure(error, URL(string: address)!)
        }
    }

    // MARK: Files

    /// Fetches `file` into `directory`, going on from what an earlier attempt left.
    /// - Parameter arrived: told how many bytes of this file are here.
    func download(
        _ file: HubFile, of model: HubModel, to directory: String, progress: PullProgress, arrived: (Int) -> Void
    ) async throws(ModelStoreError) {
        let path = directory + "/" + file.path
        if StoreFiles.size(path) == file.size { return arrived(file.size) }
        try StoreFiles.makeDirectory(String(path[..<path.lastIndex(of: "/")!]))
        let partial = try PartialFile(file, in: directory)
        let address = "\(configuration.endpoint)/\(model.id)/resolve/\(model.commit)/\(file.path)"
        var retries = Retries(configuration)
        var wasDamaged = false
        while true {
            let before = partial.count
            var damage: Damage?
            do throws(TransferFailure) {
                arrived(partial.count)
                damage = try await fetch(file, address, into: partial, arrived: arrived)
            } catch {
                if partial.count > before { retries = Retries(configuration) }
                try await retries.pause(after: error.duringTransfer, progress)
                continue
            }
            if damage == nil {
                guard let found = try partial.finish() else { return }
                damage = Damage(expected: file.hash.text, found: found)
            }
            guard let damage else { continue }
            guard !wasDamaged else {
                throw .corrupted(file: file.path, expected: damage.expected, found: damage.found)
            }
            wasDamaged = true
            try partial.restart()
        }
    }

    /// What arrived cannot be the file.
    private struct Damage {
        let expected: String
        let found: String
    }

    /// Brings `partial` to the file's size, or says why what comes cannot be the file.
    private func fetch(_ file: HubFile, _ address: String, into partial: PartialFile, arrived: (Int) -> Void)
        async throws(TransferFailure) -> Damage?
    {
        if partial.isWhole { return nil }
        var fields = HTTPHeaders()
        if partial.count > 0 {
            fields.add(name: "Range", value: "bytes=\(partial.count)-")
            if let tag = partial.tag { fields.add(name: "If-Range", value: tag) }
        }
        let response = try await transport.get(address, fields, name: file.path)
        if let damage = try prepare(partial, for: response, file) { return damage }
        do {
            for try await buffer in response.body {
                guard try partial.append(buffer) else {
                    return Damage(expected: "\(file.size) bytes", found: "more")
                }
                arrived(partial.count)
            }
        } catch let error as ModelStoreError {
            throw TransferFailure(error: error)
        } catch {
            throw HubTransport.failure(error, URL(string: address)!)
        }
        guard partial.isWhole else {
            throw TransferFailure(
                error: .unavailable(url: address, reason: "it ended after \(partial.count) of \(file.size) bytes"),
                mayPass: true)
        }
        return nil
    }

    /// Makes sure that the body about to come continues `partial`, or starts it anew.
    private func prepare(_ partial: PartialFile, for response: HTTPClientResponse, _ file: HubFile)
        throws(TransferFailure) -> Damage?
    {
        do throws(ModelStoreError) {
            let length = response.headers.first(name: "Content-Length").flatMap { Int($0) }
            switch response.status {
            case .partialContent:
                let found = response.headers.first(name: "Content-Range") ?? "nothing"
                let expected = "bytes \(partial.count)-\(file.size - 1)/\(file.size)"
                guard found == expected else { return Damage(expected: expected, found: found) }
            case .rangeNotSatisfiable:
                return Damage(expected: "\(file.size) bytes", found: "fewer than \(partial.count)")
            default:
                if let length, length != file.size {
                    return Damage(expected: "\(file.size) bytes", found: "\(length)")
                }
                try partial.restart()
                let tag = response.headers.first(name: "ETag")
                partial.tag = tag.flatMap { $0.hasPrefix("\"") && $0.utf8.count <= 200 ? $0 : nil }
            }
            return nil
        } catch {
            throw TransferFailure(error: error)
        }
    }
}

extension TransferFailure {
    /// In the middle of a transfer a network that went away may come back.
    fileprivate var duringTransfer: TransferFailure {
        guard case .offline = error else { return self }
        return TransferFailure(error: error, mayPass: true)
    }
}

/// How often, and after what pause, to try again.
private struct Retries {
    private let configuration: HubConfiguration
    private var failures = 0

    init(_ configuration: HubConfiguration) { self.configuration = configuration }

    /// Waits before the next try, or throws when there should be none.
    mutating func pause(after failure: TransferFailure, _ progress: PullProgress) async throws(ModelStoreError) {
        failures += 1
        guard failure.mayPass, failures < configuration.attempts else { throw failure.error }
        let backoff = configuration.firstDelay * (1 << min(failures - 1, 10))
        let pause = failure.retryAfter ?? min(backoff, configuration.longestDelay)
        guard pause <= configuration.longestDelay else {
            guard case .unavailable(let url, let reason) = failure.error else { throw failure.error }
            throw .unavailable(url: url, reason: "\(reason), and it asks to wait \(pause.components.seconds) seconds")
        }
        progress(.waiting(seconds: pause / .seconds(1), reason: failure.error.description))
        do { try await Task.sleep(for: pause) } catch { throw failure.error }
    }
}
