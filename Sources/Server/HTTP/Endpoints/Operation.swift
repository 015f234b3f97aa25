// /health, /ready, /metrics, /openapi.json: for those who run the server.

import FoundationEssentials
import NIOHTTP1
import Speech

extension Router {
    package mutating func addOperation(_ service: SpeechService) {
        on(.GET, "/health", isOpen: true) { _ in .json(["status": "ok"]) }
        on(.GET, "/ready", isOpen: true) { _ in ready(service) }
        on(.GET, "/metrics", isOpen: true) { _ in
            Response(.ok, "text/plain; version=0.0.4; charset=utf-8", await exposition(of: service))
        }
        on(.GET, "/openapi.json", isOpen: true) { _ in Response(.ok, "application/json", openAPIDocument) }
    }
}

private struct Readiness: Encodable {
    var status: String
    var message: String?
    var model: Model?

    struct Model: Encodable {
        var engine, name, variant, format: String
        var sampleRate: Int
        var languages, speakers: [String]
        var clones: Bool
    }
}

private func ready(_ service: SpeechService) -> Response {
    switch service.model.state {
    case .ready(let synthesizer) where synthesizer.gauges.waiting >= service.settings.scheduler.crowd:
        let message = "\(synthesizer.gauges.waiting) requests wait. Ask another server, or again in a few seconds."
        return .json(Readiness(status: "busy", message: message), .serviceUnavailable)
    case .ready(let synthesizer):
        let model = synthesizer.information
        return .json(
            Readiness(
                status: "ready",
                model: .init(
                    engine: model.engine, name: model.name, variant: model.variant, format: model.format,
                    sampleRate: model.sampleRate,
                    languages: model.languages, speakers: model.speakers, clones: model.clones)))
    case .unloaded:
        return .json(Readiness(status: "unloaded", message: "The model is loaded on first use."), .serviceUnavailable)
    case .loading:
        return .json(Readiness(status: "loading", message: "The model is being loaded."), .serviceUnavailable)
    case .failed(let why): return .json(Readiness(status: "failed", message: why), .serviceUnavailable)
    case .stopping:
        return .json(Readiness(status: "stopping", message: "The server is shutting down."), .serviceUnavailable)
    }
}

private func exposition(of service: SpeechService) async -> String {
    let gauges = service.gauges
    return service.metrics.exposition(
        running: gauges?.running ?? 0, waiting: gauges?.waiting ?? 0, sessions: service.sessions.count,
        isReady: gauges != nil, residentBytes: residentBytes())
}

/// Resident memory of this process, as the kernel counts it.
private func residentBytes() -> Int? {
    guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
    let fields = String(decoding: data, as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
    return pages * 4096
}
