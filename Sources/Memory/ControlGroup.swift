// The control groups that account for this process's memory, in both versions of the kernel's interface.

/// A folder of such a group.
struct ControlGroup: Equatable {
    enum Version { case one, two }

    let folder: String
    let version: Version

    /// The group a process is in and those around it, as far as they are mounted; the innermost first.
    /// - Parameters:
    ///   - memberships: `/proc/self/cgroup`.
    ///   - mounts: `/proc/self/mountinfo`.
    ///   - root: the folder in which the mounts lie.
    static func around(_ memberships: String, mounts: String, root: String = "") -> [ControlGroup] {
        let mounts = mounts.split(separator: "\n").compactMap(Mount.init)
        return [Version.two, .one].flatMap { version -> [ControlGroup] in
            let candidates = mounts.filter { $0.version == version }
            guard let path = path(version, in: memberships), let first = candidates.first else { return [] }
            let mount = candidates.first { $0.below(path) != nil } ?? first
            // A container may be told a path that is not its own to see: then what is mounted is its group.
            return folders(mount.below(path) ?? [], in: root + mount.point).map {
                ControlGroup(folder: $0, version: version)
            }
        }
    }

    /// Where a process is in the hierarchy of that version that accounts for memory.
    private static func path(_ version: Version, in memberships: String) -> Substring? {
        for line in memberships.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            switch version {
            case .one where parts[1].split(separator: ",").contains("memory"): return parts[2]
            case .two where parts[0] == "0" && parts[1].isEmpty: return parts[2]
            default: continue
            }
        }
        return nil
    }

    private static func folders(_ components: [Substring], in point: String) -> [String] {
        (0...components.count).reversed().map { count in
            point + components.prefix(count).map { "/" + $0 }.joined()
        }
    }
}

extension ControlGroup {
    /// What the group may have. `memory.high` is as good as a limit: who is above it is held up.
    var limits: [MemoryBound] {
        let files = version == .one ? ["memory.limit_in_bytes"] : ["memory.max", "memory.high"]
        return files.compactMap { file in
            number(file).map { MemoryBound(bytes: $0, source: .group(file: folder + "/" + file)) }
        }
    }

    /// What is left of each limit: what the group uses, but for cached files that can be dropped, counts against it.
    var available: [MemoryBound] {
        guard let usage = number(version == .one ? "memory.usage_in_bytes" : "memory.current") else { return [] }
        let used = max(0, usage - droppable)
        return limits.map { MemoryBound(bytes: max(0, $0.bytes - used), source: $0.source) }
    }

    /// Bytes of cached files that nobody has read lately, or that no program has mapped. Version one counts in `active_file` and
    /// the like the group's own only, in `total_active_file` those of groups in it as well.
    private var droppable: Int {
        var counts: [Substring: Int] = [:]
        for line in contents(of: folder + "/memory.stat").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 2, let bytes = Int(fields[1]), (0...Self.most).contains(bytes) else { continue }
            counts[fields[0]] = bytes
        }
        func count(_ name: Substring) -> Int { counts["total_" + name] ?? counts[name] ?? 0 }
        let inactive = count("inactive_file")
        return max(inactive, inactive + count("active_file") - count(version == .one ? "mapped_file" : "file_mapped"))
    }

    /// No computer has more bytes.
    private static let most = 1 << 60

    /// nil for "max", for what is no number, and where there is no such file.
    private func number(_ file: String) -> Int? {
        let words = contents(of: folder + "/" + file).split(whereSeparator: \.isWhitespace)
        return words.count == 1 ? Int(words[0]).flatMap { $0 < 0 ? nil : $0 } : nil
    }
}

/// A place where a hierarchy of groups, or a part of it, is mounted.
private struct Mount {
    let version: ControlGroup.Version
    /// The group that lies there.
    let root: [Substring]
    let point: String

    /// A line of mountinfo: number, parent, device, root, point, options, more options, "-", type, source, options of the type.
    init?(_ line: Substring) {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count >= dash + 4 else { return nil }
        switch fields[dash + 1] {
        case "cgroup2": version = .two
        case "cgroup" where fields[dash + 3].split(separator: ",").contains("memory"): version = .one
        default: return nil
        }
        root = unescaped(fields[3])[...].split(separator: "/")
        let place = unescaped(fields[4])
        point = place == "/" ? "" : place
    }

    /// The folders from here to the group `path`; nil where it does not lie here.
    func below(_ path: Substring) -> [Substring]? {
        let components = path.split(separator: "/")
        guard components.starts(with: root), !components.contains("..") else { return nil }
        return Array(components.dropFirst(root.count))
    }
}

/// What mountinfo writes as a backslash and three octal digits: blanks and backslashes.
private func unescaped(_ field: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
        let digits = String(decoding: rest.prefix(3), as: UTF8.self)
        guard byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let value = UInt8(digits, radix: 8) else {
            bytes.append(byte)
            continue
        }
        bytes.append(value)
        rest = rest.dropFirst(3)
    }
    return String(decoding: bytes, as: UTF8.self)
}
