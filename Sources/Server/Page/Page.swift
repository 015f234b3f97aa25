// The page at /: three files that are part of the program.

import NIOCore
import NIOHTTP1

extension Router {
    /// Open, for it holds nothing that is not in the program; what it asks for needs the token.
    package mutating func addPage() {
        let files: [(path: String, type: String, bytes: [UInt8])] = [
            ("/", "text/html; charset=utf-8", PackageResources.index_html),
            ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
            ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
        ]
        for file in files {
            on(.GET, file.path, isOpen: true) { _ in
                Response(
                    headers: [
                        "content-type": file.type, "cache-control": "no-cache",
                        // Nothing from elsewhere, and no page of others around it.
                        "content-security-policy":
                            "default-src 'self'; img-src data:; connect-src 'self' ws: wss:; frame-ancestors 'none'",
                    ], body: .bytes(ByteBuffer(bytes: file.bytes)))
            }
        }
    }
}
