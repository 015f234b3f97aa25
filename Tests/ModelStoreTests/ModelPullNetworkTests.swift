import Foundation
import NIOHTTP1
import Testing

@testable import ModelStore

// Proxies, redirects and tokens of a pull.
extension ModelPullTests {
    // MARK: Proxies

    /// A host that nobody could find is reached through the proxy, which alone sees its own password.
    @Test func aProxyOfTheEnvironmentIsUsed() async throws {
        let hub = try await HostileHub()
        let proxy = try await TunnelProxy(to: hub.port)
        let temporary = TemporaryStore()
        try await hub.pull(
            into: temporary, endpoint: "http://hub.example",
            environment: ["http_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"])
        #expect(temporary.contents("\(HostileHub.id)/default/model.safetensors") == HostileHub.modelFiles[Self.weights])
        #expect(!proxy.heads.isEmpty)
        for head in proxy.heads {
            #expect(head.hasPrefix("CONNECT hub.example:80 "))
            #expect(head.lowercased().contains("proxy-authorization: basic bwu6c2vjcmv0\r\n"))
        }
        #expect(hub.requests.allSatisfy { !$0.headers.contains(name: "Proxy-Authorization") })
        await proxy.stop()
        await hub.stop()
    }

    @Test func aHostOfNoProxyIsReachedDirectly() async throws {
        let hub = try await HostileHub()
        try await hub.pull(
            into: TemporaryStore(),
            environment: ["HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "example.org, 127.0.0.1"])
        #expect(!hub.requests.isEmpty)
        await hub.stop()
    }

    @Test func whatNamesNoProxyIsSaid() {
        for text in ["https://proxy:1", "ftp://x", "http://", "socks5://a:b@c"] {
            let error = #expect(throws: ModelStoreError.self) { try ProxySettings(environment: ["HTTPS_PROXY": text]) }
            #expect(error?.description.hasPrefix("HTTPS_PROXY names no proxy") == true, "\(text)")
        }
    }

    @Test(
        arguments: [
            ("https://huggingface.co/x", "s:1"), ("http://mirror.lan/x", "h:2"), ("https://a.example.org/x", nil),
            ("https://example.org/x", nil), ("https://notexample.org/x", "s:1"), ("https://port.net:8443/", nil),
            ("https://port.net/", "s:1"),
        ] as [(String, String?)])
    func eachAddressHasItsProxy(address: String, proxy: String?) throws {
        let settings = try ProxySettings(environment: [
            "HTTPS_PROXY": "s:1", "http_proxy": "http://h:2/", "no_proxy": ".example.org,port.net:8443",
        ])
        let found = settings.proxy(for: try #require(URL(string: address)))
        #expect(found.map { "\($0.host):\($0.port)" } == proxy)
    }

    // MARK: Redirects and tokens

    /// A hub of the internet (by way of the proxy) that wants the client to look at its own network.
    @Test(arguments: [
        "http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://0.0.0.0:PORT/", "http://[::]:PORT/",
        "http://[::1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://2130706433:PORT/", "http://127.1:PORT/",
        "http://169.254.169.254/latest/", "http://192.168.1.1/", "http://router/", "http://printer.local/",
        "file:///etc/passwd", "ftp://hub.example/", "//", "gopher://127.0.0.1:PORT/",
    ])
    func aRedirectToTheNetworkAtHandIsRefused(target: String) async throws {
        let other = try await HostileHub()
        let location = target.replacingOccurrences(of: "PORT", with: "\(other.port)") + "elsewhere/model.safetensors"
        let hub = try await HostileHub(faults: [Self.weightsPath: [.status(302, [("Location", location)])]])
        let proxy = try await TunnelProxy(to: hub.port)
        let temporary = TemporaryStore()
        let error = await #expect(throws: ModelStoreError.self) {
            try await hub.pull(
                into: temporary, endpoint: "http://hub.example",
                environment: ["http_proxy": "http://127.0.0.1:\(proxy.port)", "no_proxy": "127.0.0.1,localhost"])
        }
        guard case .refused = error else {
            Issue.record("\(location): \(String(describing: error))")
            return
        }
        #expect(other.requests.isEmpty)
        #expect(hub.requests.allSatisfy { !$0.uri.contains("elsewhere") })
        #expect(temporary.store.list().isEmpty)
        await other.stop()
        await proxy.stop()
        await hub.stop()
    }

    @Test func theTokenGoesToTheHubOnly() async throws {
        let other = try await HostileHub()
        let target = "\(other.endpoint)/elsewhere/model.safetensors"
        let hub = try await HostileHub(faults: [Self.weightsPath: [.status(302, [("Location", target)])]])
        let temporary = TemporaryStore()
        try await hub.pull(into: temporary, token: "hf_secret")
        #expect(other.requests.count == 1)
        #expect(other.requests.allSatisfy { !$0.headers.contains(name: "Authorization") })
        #expect(hub.requests.allSatisfy { $0.headers.first(name: "Authorization") == "Bearer hf_secret" })
        await hub.stop()
        await other.stop()
    }

    @Test(arguments: ["", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "//"])
    func aRedirectToAnythingButTheWebIsRefused(_ location: String) async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.status(302, [("Location", location)])]])
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        guard case .refused = error else {
            Issue.record("\(location): \(String(describing: error))")
            return
        }
        await hub.stop()
    }

    @Test func aRedirectLoopEnds() async throws {
        let loop = HostileHub.Fault.status(302, [("Location", Self.weightsPath.replacing("/Tiny", with: "/Qwen/Tiny"))])
        let hub = try await HostileHub(faults: [
            "/resolve/\(HostileHub.commit)/model.safetensors": .init(repeating: loop, count: 100)
        ])
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        #expect(error?.description.contains("redirects more than 10 times") == true)
        await hub.stop()
    }
}
