// A server that the whole internet can reach asks for a token, or is told that it need not.

package import Addresses
import NIOCore
import NIOPosix

extension ServerConfiguration {
    /// How far the server can be reached from, as far as this machine can tell: a router that forwards a port is not seen.
    /// - Parameter interfaces: the addresses of this machine, for a `host` that means all of them.
    package func reach(interfaces: () -> [String] = Self.interfaceAddresses) -> AddressScope {
        reachable(interfaces).scope
    }

    /// Refuses an address of the internet without a token, unless `allow-public` is set.
    /// - Parameter isGuarded: whether every door asks for a token.
    package func refusePublicAddress(
        isGuarded: Bool, interfaces: () -> [String] = Self.interfaceAddresses
    ) throws(SettingsError) {
        guard !isGuarded, !allowPublic else { return }
        let (scope, address) = reachable(interfaces)
        guard scope == .world else { return }
        throw SettingsError(
            """
            \(address) is an address of the internet, and nobody is asked for a token: everybody could use this server. Set \
            auth-tokens-file; or host to an address of your own network, or to 127.0.0.1; or allow-public to true.
            """)
    }

    /// The address that reaches farthest, and how far.
    private func reachable(_ interfaces: () -> [String]) -> (scope: AddressScope, address: String) {
        let resolved =
            AddressScope(address: host) != nil
            ? host : (try? SocketAddress.makeAddressResolvingHost(host, port: 0))?.ipAddress ?? host
        let scope = AddressScope(host: resolved)
        guard scope == .unspecified else { return (scope, resolved) }
        // 0.0.0.0 means all IPv4 addresses, :: all of both kinds.
        let own = interfaces().filter { resolved.contains(":") || !$0.contains(":") }
        let known = own.compactMap { address in AddressScope(address: address).map { ($0, address) } }
        return known.first { $0.0 == .world } ?? known.first { $0.0 == .local } ?? (.local, resolved)
    }

    /// Of every network interface that has one.
    package static func interfaceAddresses() -> [String] {
        ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress }
    }
}
