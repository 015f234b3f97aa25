/// Which model suits a computer, and why.
struct ModelRecommendation: Encodable, Equatable {
    let model: String
    /// As `makima models pull --format` takes it; nil for the model that is here already.
    let format: String?
    /// A sentence.
    let reason: String

    init(_ speed: SpeedMeasurement) {
        self.init(
            int8: speed.int8.timesRealTime, int4: speed.int4.timesRealTime, nano: ChatterboxEstimate(speed).nano)
    }

    /// Speeds as times real time: Qwen3's 0.6B model in two formats, as measured, and Chatterbox-Nano, as estimated.
    init(int8: Double, int4: Double, nano: Double) {
        func isLive(_ speed: Double) -> Bool { DeviceClass(timesRealTime: speed) == .live }
        let qwen3 = "Qwen3-TTS-12Hz-0.6B-Base"
        let best = "\(qwen3) reaches \(times(max(int8, int4))) × real time"
        if isLive(int8) {
            self.init("Qwen/" + qwen3, "int8", "it speaks while it computes, \(times(int8)) × real time")
        } else if isLive(int4) {
            self.init(
                "Qwen/" + qwen3, "int4",
                "it speaks while it computes, \(times(int4)) × real time; at int8 it reaches \(times(int8))")
        } else if isLive(nano) {
            self.init(
                "Chatterbox-Nano", "int8",
                "it is expected to speak while it computes, \(times(nano)) × real time (estimated), in English; \(best)"
            )
        } else {
            self.init(
                "makima-mini", nil,
                "it comes with makima and speaks while it computes on every computer; \(best), "
                    + "Chatterbox-Nano \(times(nano)) (estimated)")
        }
    }

    private init(_ model: String, _ format: String?, _ reason: String) {
        (self.model, self.format, self.reason) = (model, format, reason)
    }

    /// "Chatterbox-Nano at int8: …"
    var sentence: String { "\(model)\(format.map { " at " + $0 } ?? ""): \(reason)" }
}

/// A speed with two digits behind the point.
func times(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }
