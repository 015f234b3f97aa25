import FoundationEssentials

/// What a computer of a known kind is expected to reach: not measured on one, but computed by the cycle model of
/// `Benchmarks/arm`, which writes the table (`cycles.py --doctor`).
struct DeviceEstimate: Decodable {
    /// How many times faster than it is heard speech is made: by the 0.6B model in two formats, and by the built-in model.
    struct Speeds: Decodable {
        let int8, int4, mini: Double
    }

    let device: String
    /// Parts of what such a computer says of itself.
    let signs: [String]
    let timesRealTime: Speeds

    static let all: [DeviceEstimate] = {
        let table = try? JSONDecoder().decode([DeviceEstimate].self, from: Data(PackageResources.DeviceSpeeds_json))
        guard let table else { preconditionFailure("DeviceSpeeds.json is not of its form") }
        return table
    }()

    /// `identity` is what a computer says of itself; nil where it is of no known kind.
    static func of(_ identity: String) -> DeviceEstimate? {
        all.first { estimate in estimate.signs.contains { identity.contains($0) } }
    }
}

extension DoctorChecks {
    /// A measured speed below this part of the estimate is worth a warning.
    private static let expectedShare = 0.6

    /// The board and its chip as the device tree names them, and the processor.
    static var identity: String {
        let tree = "/proc/device-tree/"
        return [read(tree + "model"), read(tree + "compatible"), field("model name", in: read("/proc/cpuinfo")) ?? ""]
            .joined(separator: "\n")
    }

    /// What is measured beside what is expected; nil for a computer of no known kind.
    static func estimate(_ identity: String, int8: Double, int4: Double) -> Finding? {
        guard let estimate = DeviceEstimate.of(identity) else { return nil }
        let speeds = estimate.timesRealTime
        let detail =
            "\(estimate.device): estimated \(speeds.int8) × real time at int8, \(speeds.int4) at int4, "
            + "\(speeds.mini) with the built-in model"
        let reached = max(int8 / speeds.int8, int4 / speeds.int4)
        guard reached < expectedShare else { return .ok("estimate", detail) }
        return .warn(
            "estimate", "\(detail); measured is \(Int(reached * 100)) % of it",
            advice: "Look for other programs that compute, for heat, and for a power supply that is too weak.")
    }
}
