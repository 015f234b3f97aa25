import Files
import Glibc

/// Who is at a TCP port of this computer.
enum PortState: Equatable {
    case free, makima, other
    case denied(String)

    init(_ port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else {
            self = .denied(systemMessage(errno))
            return
        }
        defer { close(descriptor) }
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        let result = unsafe withAddress(&address) { unsafe bind(descriptor, $0, $1) }
        if result == 0 {
            self = .free
        } else if errno == EADDRINUSE {
            self = Self.answersAsMakima(address) ? .makima : .other
        } else {
            self = .denied(systemMessage(errno))
        }
    }

    /// Whether `/metrics` counts what this program counts.
    private static func answersAsMakima(_ anyAddress: sockaddr_in) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = anyAddress
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        guard unsafe withAddress(&address, { unsafe connect(descriptor, $0, $1) }) == 0 else { return false }
        let request = Array("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard unsafe request.withUnsafeBytes({ unsafe write(descriptor, $0.baseAddress, $0.count) }) == request.count
        else { return false }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while answer.count < 65_536 {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self).contains("makima_")
    }
}

/// Whether a server listens at a socket of the file system.
func connects(to path: String) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withAddress(&address) { unsafe connect(descriptor, $0, $1) } == 0
}

private func withAddress<Address>(_ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
    -> Int32
{
    unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
