// What the hub says of a model: the commit a revision stands for, and each file with its size and hash.

import FoundationEssentials

package struct HubModel: Sendable, Equatable {
    package let id: String
    package let commit: String
    package let family: ReleasedFamily
    /// The files makima needs, first the one by which the family is known.
    package let files: [HubFile]

    package var bytes: Int { files.reduce(0) { $0 + $1.size } }

    /// Reads the answer of `/api/models/ID/revision/REVISION?blobs=true`. Every word of it is taken as hostile.
    init(id: String, answer: Data) throws(ModelStoreError) {
        guard let info = try? JSONDecoder().decode(Answer.self, from: answer) else {
            throw .refused(url: id, reason: "the hub's description of the model is not the JSON it should be")
        }
        guard info.sha.utf8.count == 40, Self.isHex(info.sha) else {
            throw .refused(url: id, reason: "the hub gives no commit for this revision")
        }
        let family = try ReleasedFamily.of(info.siblings.map(\.rfilename), id: id)
        var files: [HubFile] = []
        var total = 0
        for sibling in info.siblings where family.takes(sibling.rfilename) {
            let file = try HubFile(sibling, of: id)
            total += file.size
            guard files.count < 200, total <= Self.largestModel else {
                throw .refused(url: id, reason: "it has more than 200 files or \(sizeText(Self.largestModel))")
            }
            files.append(file)
        }
        if let mark = files.firstIndex(where: { family.marks.contains($0.path) }) {
            files.insert(files.remove(at: mark), at: 0)
        }
        guard Set(files.map(\.path)).count == files.count else {
            throw .refused(url: id, reason: "the hub names a file twice")
        }
        self.id = id
        self.family = family
        commit = info.sha
        self.files = files
    }

    static let largestModel = 100_000_000_000

    /// A relative path that stays inside the folder it is put in.
    static func isSafe(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return (1...255).contains(path.utf8.count) && parts.count <= 4
            && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
            && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
    }

    static func isHex(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    struct Answer: Decodable {
        let sha: String
        let siblings: [Sibling]
        struct Sibling: Decodable {
            let rfilename: String
            let size: Int?
            let blobId: String?
            let lfs: LargeFile?
        }
        struct LargeFile: Decodable {
            let sha256: String
            let size: Int
        }
    }
}

package struct HubFile: Sendable, Equatable {
    package let path: String
    package let size: Int
    let hash: Hash

    enum Hash: Sendable, Equatable {
        case sha256(String)
        /// Git's name of a small file: SHA-1 over "blob SIZE\0" and its bytes.
        case gitBlob(String)

        var text: String {
            switch self {
            case .sha256(let hash), .gitBlob(let hash): hash
            }
        }
    }

    init(_ sibling: HubModel.Answer.Sibling, of id: String) throws(ModelStoreError) {
        guard HubModel.isSafe(sibling.rfilename) else {
            throw .refused(url: id, reason: "the hub names a file \(quoted(sibling.rfilename))")
        }
        path = sibling.rfilename
        if let large = sibling.lfs, large.sha256.utf8.count == 64, HubModel.isHex(large.sha256) {
            (size, hash) = (large.size, .sha256(large.sha256))
        } else if let bytes = sibling.size, let blob = sibling.blobId, sibling.lfs == nil, blob.utf8.count == 40,
            HubModel.isHex(blob)
        {
            (size, hash) = (bytes, .gitBlob(blob))
        } else {
            throw .refused(url: id, reason: "the hub gives no checksum for \(path)")
        }
        guard (0...HubModel.largestModel).contains(size) else {
            throw .refused(url: id, reason: "the hub gives \(path) the size \(size)")
        }
    }
}
