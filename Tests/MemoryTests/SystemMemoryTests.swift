import Foundation
import TestSupport
import Testing

@testable import Memory

/// What a computer's files say, written into a folder.
struct SystemMemoryTests {
    private let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    private func write(_ text: String, to path: String) throws {
        let file = URL(filePath: place.path + path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    /// A computer of a million kB, half of them free.
    private func computer(groups: String = "", mounts: String = "") throws {
        try write("MemTotal: 1000000 kB\nMemFree: 1 kB\nMemAvailable: 500000 kB\n", to: "/proc/meminfo")
        try write(groups, to: "/proc/self/cgroup")
        try write(mounts, to: "/proc/self/mountinfo")
    }

    private func group(_ folder: String, _ files: [String: String]) throws {
        for (name, text) in files { try write(text, to: "/sys/fs/cgroup\(folder)/\(name)") }
    }

    private var memory: SystemMemory { SystemMemory(root: place.path) }

    private func bound(_ bytes: Int, _ file: String) -> MemoryBound {
        MemoryBound(bytes: bytes, source: .group(file: place.path + "/sys/fs/cgroup" + file))
    }

    private static let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let hybrid =
        "31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
        + "32 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        + "33 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

    @Test func withoutGroupsItIsTheComputers() throws {
        try computer()
        #expect(memory.limit == MemoryBound(bytes: 1_024_000_000, source: .computer))
        #expect(memory.available == MemoryBound(bytes: 512_000_000, source: .computer))
    }

    @Test func thisComputerSays() {
        #expect(SystemMemory().limit.map { $0.bytes > 0 } == true)
        #expect(SystemMemory().available.map { $0.bytes >= 0 } == true)
    }

    @Test(arguments: [
        "", "MemTotal:", "MemTotal: x kB\nMemAvailable: y kB", "MemTotal: 1\nMemAvailable: 1",
        "MemTotal: \(Int.max) kB\nMemAvailable: -1 kB",
    ])
    func whatIsNoNumberIsNotKnown(meminfo: String) throws {
        try write(meminfo, to: "/proc/meminfo")
        #expect(memory == SystemMemory(limit: nil, available: nil))
    }

    @Test func theLeastOfAGroupAndThoseAroundItCounts() throws {
        try computer(groups: "0::/system.slice/makima.service\n", mounts: Self.unified)
        try group(
            "/system.slice/makima.service",
            [
                "memory.max": "600000000\n", "memory.high": "max\n", "memory.current": "350000000\n",
                "memory.stat": "anon 5\ninactive_file 50000000\nactive_file 7\nfile_mapped 7\n",
            ])
        try group(
            "/system.slice",
            ["memory.max": "max\n", "memory.high": "700000000\n", "memory.current": "650000000\n", "memory.stat": ""])
        #expect(memory.limit == bound(600_000_000, "/system.slice/makima.service/memory.max"))
        #expect(memory.available == bound(50_000_000, "/system.slice/memory.high"))
        try group("/system.slice", ["memory.high": "500000000\n", "memory.current": "100000000\n"])
        #expect(memory.limit == bound(500_000_000, "/system.slice/memory.high"))
        #expect(memory.available == bound(300_000_000, "/system.slice/makima.service/memory.max"))
    }

    @Test func cachedFilesThatNobodyReadsDoNotCount() throws {
        try computer(groups: "0::/a\n", mounts: Self.unified)
        try group(
            "/a", ["memory.max": "400000000", "memory.current": "390000000", "memory.stat": "inactive_file 380000000"])
        #expect(memory.available == bound(390_000_000, "/a/memory.max"))
        // What was read twice, but is mapped no longer, as the file of a codec that was packed and given back.
        try group(
            "/a", ["memory.stat": "inactive_file 5\nactive_file 200000000\nfile_mapped 150000005\nmapped_file 0\n"])
        #expect(memory.available == bound(60_000_000, "/a/memory.max"))
        try group("/a", ["memory.stat": "inactive_file 999999999999\nactive_file \(Int.max)"])
        #expect(memory.available == bound(400_000_000, "/a/memory.max"))
        try group("/a", ["memory.current": "500000000", "memory.stat": ""])
        #expect(memory.available == bound(0, "/a/memory.max"))
    }

    @Test func theFirstVersionCountsToo() throws {
        try computer(groups: "5:cpu,cpuacct:/x\n4:memory:/outer/inner\n0::/\n", mounts: Self.hybrid)
        try group(
            "/memory/outer/inner",
            ["memory.limit_in_bytes": "9223372036854771712\n", "memory.usage_in_bytes": "1\n"])
        try group(
            "/memory/outer",
            [
                "memory.limit_in_bytes": "300000000\n", "memory.usage_in_bytes": "200000000\n",
                "memory.stat": "inactive_file 1\nactive_file 1\ntotal_inactive_file 50000000\n"
                    + "total_active_file 200000000\ntotal_mapped_file 100000000\n",
            ])
        #expect(memory.limit == bound(300_000_000, "/memory/outer/memory.limit_in_bytes"))
        #expect(memory.available == bound(250_000_000, "/memory/outer/memory.limit_in_bytes"))
    }

    @Test(arguments: [
        // Docker without a namespace of its own: the mount is the group.
        ("4:memory:/docker/abc\n", "32 30 0:29 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
        // With one, and one whose process was moved out of it.
        ("4:memory:/\n", "32 30 0:29 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
        ("4:memory:/../other\n", "32 30 0:29 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
        // A path that only the host can see.
        ("4:memory:/kubepods/pod1\n", "32 30 0:29 /else /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"),
    ])
    func aContainerSeesItsOwnGroup(groups: String, mounts: String) throws {
        try computer(groups: groups, mounts: mounts)
        try group("/memory", ["memory.limit_in_bytes": "300000000", "memory.usage_in_bytes": "0"])
        #expect(memory.limit == bound(300_000_000, "/memory/memory.limit_in_bytes"))
    }

    @Test func ofTwoMountsTheOneThatHoldsTheGroupIsTaken() throws {
        try computer(
            groups: "4:memory:/docker/abc\n",
            mounts: "31 30 0:29 /else /mnt rw - cgroup cgroup rw,memory\n"
                + "32 30 0:29 /docker /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n")
        try group("/memory/abc", ["memory.limit_in_bytes": "300000000"])
        #expect(memory.limit == bound(300_000_000, "/memory/abc/memory.limit_in_bytes"))
        // What is used of it is not known.
        #expect(memory.available?.source == .computer)
    }

    @Test func aPlaceWithABlankIsFound() throws {
        try computer(groups: "0::/a b\n", mounts: "30 23 0:26 / /sys/fs/my\\040groups\\134 rw - cgroup2 cgroup2 rw\n")
        try write("123456\n", to: "/sys/fs/my groups\\/a b/memory.max")
        #expect(memory.limit?.bytes == 123_456)
    }

    @Test(arguments: ["", "max", "-1", "x", "99999999999999999999999", "1 2", "\u{0}\u{1}", "0x10"])
    func aLimitThatIsNoNumberIsNone(text: String) throws {
        try computer(groups: "0::/a\n", mounts: Self.unified)
        try group("/a", ["memory.max": text, "memory.high": text, "memory.current": text, "memory.stat": text])
        #expect(memory.limit?.source == .computer && memory.available?.source == .computer)
    }

    @Test(arguments: [
        "", ":", "::", "0:", "0::", "4:memory", "no line at all", ":::::\n\n:", "4:memory:relative", "0::/a/../../b",
        "0::" + String(repeating: "/x", count: 2000),
    ])
    func whatIsNoMembershipDoesNoHarm(groups: String) throws {
        for mounts in [Self.unified, Self.hybrid, "", " - ", "- - - - - - - - - -", "1 2 3 4 5 6 - cgroup2", "\\"] {
            try computer(groups: groups, mounts: mounts)
            #expect(memory.limit?.source == .computer)
        }
    }
}
