// The page at /: files that are part of the program.

import NIOCore
import NIOHTTP1

extension Router {
    /// Open, for it holds nothing that is not in the program; what it asks for needs the token.
    package mutating func addPage() {
        addFile("/", "text/html; charset=utf-8", PackageResources.index_html)
        addFile("/page.css", "text/css; charset=utf-8", PackageResources.page_css)
        for script in Self.scripts {
            addFile("/\(script.name).js", "text/javascript; charset=utf-8", script.bytes)
        }
    }

    /// What belongs to the page and is nobody else's business.
    static var pageFiles: [String] { ["page.css"] + scripts.map { $0.name + ".js" } }

    private static var scripts: [(name: String, bytes: [UInt8])] {
        [
            ("page", PackageResources.page_js), ("compose", PackageResources.compose_js),
            ("dom", PackageResources.dom_js), ("make", PackageResources.make_js), ("panel", PackageResources.panel_js),
            ("player", PackageResources.player_js), ("recent", PackageResources.recent_js),
            ("server", PackageResources.server_js), ("sound", PackageResources.sound_js),
            ("speech", PackageResources.speech_js), ("voices", PackageResources.voices_js),
            ("wave", PackageResources.wave_js),
        ]
    }

    private mutating func addFile(_ path: String, _ type: String, _ bytes: [UInt8]) {
        on(.GET, path, isOpen: true) { _ in
            Response(
                headers: [
                    "content-type": type, "cache-control": "no-cache",
                    // Nothing from elsewhere, and no page of others around it.
                    "content-security-policy":
                        "default-src 'self'; img-src data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
                ], body: .bytes(ByteBuffer(bytes: bytes)))
        }
    }
}
