// How far an address reaches: from this machine, from a network at hand, or from the whole world.

import Glibc

package enum AddressScope: Sendable {
    /// This machine alone.
    case machine
    /// A home, an office, a VPN: addresses that the internet does not carry.
    case local
    case world
    /// No address of its own: all of a machine's when one listens, this machine when one connects.
    case unspecified
}

extension AddressScope {
    /// Of an IP address in any way of writing that the system understands ("127.1", "0x7f000001", "::ffff:10.0.0.1"), with or
    /// without the brackets of a URL; nil for a name.
    package init?(address: String) {
        let bare = address.hasPrefix("[") && address.hasSuffix("]") ? String(address.dropFirst().dropLast()) : address
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_aton(bare, &four) == 1 {
            self = Self.scope(of: UInt32(bigEndian: four.s_addr))
        } else if unsafe inet_pton(AF_INET6, String(bare.prefix { $0 != "%" }), &six) == 1 {
            self = Self.scope(of: unsafe withUnsafeBytes(of: &six) { unsafe Array($0) })
        } else {
            return nil
        }
    }

    /// Of an address, or of a name as far as the name itself tells.
    package init(host: String) {
        if let scope = AddressScope(address: host) {
            self = scope
            return
        }
        var name = host.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        let loopback = ["localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"]
        if loopback.contains(name) || name.hasSuffix(".localhost") {
            self = .machine
        } else if !name.contains(".") || [".local", ".lan", ".home.arpa", ".internal"].contains(where: name.hasSuffix) {
            self = .local
        } else {
            self = .world
        }
    }

    /// IANA's registry of special addresses, what is not reachable from everywhere.
    private static func scope(of address: UInt32) -> AddressScope {
        func isIn(_ a: UInt32, _ b: UInt32 = 0, _ c: UInt32 = 0, bits: UInt32) -> Bool {
            (address ^ (a << 24 | b << 16 | c << 8)) >> (32 - bits) == 0
        }
        if isIn(0, bits: 8) { return .unspecified }
        if isIn(127, bits: 8) { return .machine }
        let isLocal =
            isIn(10, bits: 8) || isIn(100, 64, bits: 10) || isIn(169, 254, bits: 16) || isIn(172, 16, bits: 12)
            || isIn(192, 0, 0, bits: 24) || isIn(192, 168, bits: 16) || isIn(198, 18, bits: 15) || isIn(224, bits: 3)
            // For examples in books, and used in closed networks.
            || isIn(192, 0, 2, bits: 24) || isIn(198, 51, 100, bits: 24) || isIn(203, 0, 113, bits: 24)
        return isLocal ? .local : .world
    }

    private static func scope(of bytes: [UInt8]) -> AddressScope {
        func four(_ index: Int) -> AddressScope {
            scope(of: bytes[index..<index + 4].reduce(0) { $0 << 8 | UInt32($1) })
        }
        if bytes[..<15].allSatisfy({ $0 == 0 }), bytes[15] <= 1 { return bytes[15] == 1 ? .machine : .unspecified }
        // An IPv4 address in IPv6's clothes: mapped, compatible, translated, 6to4.
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        if isMapped || bytes[..<12].allSatisfy({ $0 == 0 }) { return four(12) }
        if bytes[..<12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] { return four(12) }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return four(2) }
        let isLocal =
            bytes[0] & 0xfe == 0xfc || bytes[0] == 0xff || (bytes[0] == 0xfe && bytes[1] & 0x80 == 0x80)
            || bytes[..<4] == [0x20, 0x01, 0x0d, 0xb8]
        return isLocal ? .local : .world
    }
}
