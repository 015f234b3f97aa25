// The page at /: files that are part of the program.

import NIOCore
import NIOHTTP1

extension Router {
    /// Open, for it holds nothing that is not in the program; what it asks for needs the token.
    package mutating func addPage() {
        on(.GET, "/", access: .open) { _ in page("text/html", PackageResources.index_html) }
        on(.GET, "/page/:file", access: .open) { request in
            let name = request.parameters["file"] ?? ""
            if name == "page.css" { return page("text/css", PackageResources.page_css) }
            guard let script = scripts[name] else { return .failure(.notFound, "The page has no such file.") }
            return page("text/javascript", script)
        }
    }
}

/// A file for each duty of the page.
private let scripts: [String: [UInt8]] = [
    "compose.js": PackageResources.compose_js, "dom.js": PackageResources.dom_js,
    "make.js": PackageResources.make_js, "page.js": PackageResources.page_js,
    "panel.js": PackageResources.panel_js, "player.js": PackageResources.player_js,
    "recent.js": PackageResources.recent_js, "server.js": PackageResources.server_js,
    "sound.js": PackageResources.sound_js, "speech.js": PackageResources.speech_js,
    "voices.js": PackageResources.voices_js, "wave.js": PackageResources.wave_js,
]

private func page(_ type: String, _ bytes: [UInt8]) -> Response {
    Response(
        headers: [
            "content-type": "\(type); charset=utf-8", "cache-control": "no-cache",
            // Nothing from elsewhere, and no page of others around it.
            "content-security-policy":
                "default-src 'self'; img-src data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
        ], body: .bytes(ByteBuffer(bytes: bytes)))
}
