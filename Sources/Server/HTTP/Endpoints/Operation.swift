// /health, /ready, /metrics, /openapi.json: for those who run the server.

import FoundationEssentials
import NIOHTTP1
import Speech

extension Router {
    package mutating func addOperation(_ service: SpeechService) {
        on(.GET, "/health", access: .open) { _ in .json(["status": "ok"]) }
        on(.GET, "/ready", access: .open) { _ in ready(service) }
        on(.GET, "/metrics", access: .open) { _ in
            Response(.ok, "text/plain; version=0.0.4; charset=utf-8", await exposition(of: service))
        }
        on(.GET, "/openapi.json", access: .open) { _ in Response(.ok, "application/json", openAPIDocument) }
    }
}

private struct Readiness: Encodable {
    var status: String
    var message: String?
    var model: Model?
    var limits: ServiceLimits

    struct Model: Encodable {
        var engine, name, variant, format: String
        var sampleRate: Int
        var languages, speakers: [String]
        var clones: Bool
    }
}

private func ready(_ service: SpeechService) -> Response {
    func answer(_ status: String, _ message: String? = nil, model: Readiness.Model? = nil) -> Response {
        .json(
            Readiness(status: status, message: message, model: model, limits: service.limits),
            model == nil ? .serviceUnavailable : .ok)
    }
    switch service.model.state {
    case .ready(let synthesizer) where synthesizer.gauges.waiting >= service.settings.scheduler.crowd:
        let waiting = synthesizer.gauges.waiting
        return answer("busy", "\(waiting) requests wait. Ask another server, or again in a few seconds.")
    case .ready(let synthesizer):
        let model = synthesizer.information
        return answer(
            "ready",
            model: .init(
                engine: model.engine, name: model.name, variant: model.variant, format: model.format,
                sampleRate: model.sampleRate,
                languages: model.languages, speakers: model.speakers, clones: model.clones))
    case .unloaded: return answer("unloaded", "The model is loaded on first use.")
    case .loading: return answer("loading", "The model is being loaded.")
    case .failed(let why): return answer("failed", why)
    case .stopping: return answer("stopping", "The server is shutting down.")
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
