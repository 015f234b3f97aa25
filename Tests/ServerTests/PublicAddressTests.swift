import Addresses
import Testing

@testable import Server

@Suite struct AddressScopeTests {
    @Test(arguments: [
        ("127.0.0.1", AddressScope.machine), ("127.1", .machine), ("0x7f000001", .machine), ("2130706433", .machine),
        ("0177.0.0.1", .machine), ("::1", .machine), ("[::1]", .machine), ("::ffff:127.0.0.1", .machine),
        ("[::ffff:7f00:1]", .machine), ("0.0.0.0", .unspecified), ("::", .unspecified), ("10.1.2.3", .local),
        ("172.16.0.1", .local), ("172.32.0.1", .world), ("192.168.1.1", .local), ("169.254.169.254", .local),
        ("100.64.0.1", .local), ("fe80::1%eth0", .local), ("fd12::1", .local), ("64:ff9b::7f00:1", .machine),
        ("2002:a00:1::", .local), ("::ffff:8.8.8.8", .world), ("8.8.8.8", .world), ("2a00:1450::1", .world),
        ("192.0.2.2", .local), ("2001:db8::1", .local), ("239.1.2.3", .local), ("255.255.255.255", .local),
        ("ff02::1", .local),
    ])
    func addressesReachAsFarAsTheyDo(address: String, scope: AddressScope) {
        #expect(AddressScope(address: address) == scope)
    }

    @Test(arguments: [
        ("localhost", AddressScope.machine), ("LOCALHOST.", .machine), ("a.localhost", .machine), ("box", .local),
        ("makima.local.", .local), ("example.org", .world), ("localhost.example.org", .world),
    ])
    func namesSayWhatTheySay(name: String, scope: AddressScope) {
        #expect(AddressScope(address: name) == nil)
        #expect(AddressScope(host: name) == scope)
    }
}

@Suite struct PublicAddressTests {
    private static let home = ["127.0.0.1", "192.168.1.7", "::1", "fe80::2", "2a00:1450::2"]
    private static let rented = ["127.0.0.1", "::1", "93.184.215.14"]

    private static func error(
        _ host: String, _ interfaces: [String], isGuarded: Bool = false, allow: Bool = false
    ) -> String? {
        var configuration = ServerConfiguration()
        configuration.host = host
        configuration.allowPublic = allow
        do throws(SettingsError) {
            try configuration.refusePublicAddress(isGuarded: isGuarded) { interfaces }
            return nil
        } catch { return error.description }
    }

    @Test func anAddressOfTheInternetNeedsATokenOrAWord() {
        for host in ["0.0.0.0", "::", "93.184.215.14"] {
            let message = Self.error(host, Self.rented)
            #expect(message?.hasPrefix("93.184.215.14 is an address of the internet") == true, "\(host)")
            #expect(message?.contains("allow-public") == true && message?.contains("auth-tokens-file") == true)
            #expect(Self.error(host, Self.rented, isGuarded: true) == nil)
            #expect(Self.error(host, Self.rented, allow: true) == nil)
        }
    }

    @Test func aNetworkOfOnesOwnNeedsNone() {
        for host in ["0.0.0.0", "192.168.1.7", "127.0.0.1", "::1", "localhost", "fe80::2"] {
            #expect(Self.error(host, Self.home) == nil, "\(host)")
        }
        // With IPv6 every computer at home has an address of the internet.
        #expect(Self.error("::", Self.home) != nil)
    }

    @Test(arguments: [
        ("127.0.0.1", AddressScope.machine), ("::1", .machine), ("localhost", .machine), ("0.0.0.0", .local),
        ("192.168.1.7", .local),
    ])
    func howFarItReachesIsKnown(host: String, scope: AddressScope) {
        var configuration = ServerConfiguration()
        configuration.host = host
        #expect(configuration.reach { Self.home } == scope)
    }

    @Test func thisMachineHasTheLoopback() {
        #expect(ServerConfiguration.interfaceAddresses().contains("127.0.0.1"))
    }
}

@Suite struct AnnouncementTests {
    @Test(arguments: [
        ("makima on box", "makima on box"),
        (String(repeating: "a", count: 80), String(repeating: "a", count: 63)),
        // 61 bytes, then a character of two: the label holds both; of four: it ends before.
        (String(repeating: "a", count: 61) + "éé", String(repeating: "a", count: 61) + "é"),
        (String(repeating: "a", count: 61) + "😀", String(repeating: "a", count: 61)),
        // A family is one character of 25 bytes.
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa👨‍👩‍👧‍👦", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("", "makima"),
    ])
    func namesAreCutBetweenCharacters(name: String, label: String) {
        #expect(serviceLabel(name) == label)
        #expect(serviceLabel(name).utf8.count <= 63)
    }

    @Test func failuresAreRetriedMoreAndMoreSeldom() {
        var pause = RetryPause()
        #expect((0..<11).map { _ in pause.next().components.seconds } == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    }
}
