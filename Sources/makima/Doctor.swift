import ArgumentParser
import Compute
import Memory
import Server

/// `makima doctor`: is this computer ready to speak, and how fast will it?
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks whether this computer is ready to speak, and how fast.",
        discussion: """
            Every line is ok, warn or fail, and says what to do. The speed is computed from a measurement of a few seconds: \
            layers of the size of Qwen3-TTS-12Hz-0.6B with made-up weights. Chatterbox's is estimated from it, by counting bytes and \
            multiply-adds. It is measured when the computer is quiet; where it does not become so within five seconds, a line \
            says that. \
            Exit status 1 when a line says fail.
            """)

    @Option(
        help: ArgumentHelp("The model to check; TTS_MODEL_ID unless given, else the built-in one.", valueName: "model"))
    var model: String?

    @Option(help: "Port that the service shall have; that of /etc/makima/makima.toml unless given.")
    var port: UInt16?

    @OptionGroup var measuring: MeasuringOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let settings = try SettingsFile.configuration()
        let memory = SystemMemory()
        let others = OtherPrograms.waitForQuiet()
        let speed = try measuring.speed(memory)
        var findings: [Finding] = [DoctorChecks.processor()]
        if let rate = DoctorChecks.clockRate() { findings.append(rate) }
        findings.append(DoctorChecks.memory(memory))
        findings += Self.speeds(speed, beside: others)
        findings += [
            DoctorChecks.model(model), DoctorChecks.voices(), DoctorChecks.disk(), DoctorChecks.sound(),
            DoctorChecks.discovery(), DoctorChecks.port(port ?? UInt16(clamping: settings.port)),
            DoctorChecks.clock(),
        ]
        let report = DoctorReport(
            version: version, deviceClass: speed?.deviceClass, speed: speed,
            recommended: speed.map { ModelRecommendation($0) }, findings: findings)
        if json { printJSON(report) } else { report.printLines() }
        if report.findings.contains(where: { $0.status == .fail }) { throw ExitCode.failure }
    }

    /// What was measured, and what follows from it.
    private static func speeds(_ speed: SpeedMeasurement?, beside others: OtherPrograms?) -> [Finding] {
        guard let speed else { return [DoctorChecks.unmeasured] }
        var findings: [Finding] = []
        if let others { findings.append(DoctorChecks.quiet(others)) }
        findings += DoctorChecks.speed(speed)
        let expected = DoctorChecks.estimate(
            DoctorChecks.identity, int8: speed.int8.timesRealTime, int4: speed.int4.timesRealTime)
        if let expected { findings.append(expected) }
        return findings + DoctorChecks.models(speed)
    }
}

struct MeasuringOptions: ParsableArguments {
    @Option(help: "Threads to measure with; as many as there are processors unless given.")
    var threads: Int?

    func validate() throws {
        guard threads == nil || (1...64).contains(threads!) else {
            throw ValidationError("--threads takes a number from 1 to 64.")
        }
    }

    /// nil where there is no memory to measure in.
    func speed(_ memory: SystemMemory) throws -> SpeedMeasurement? {
        guard SpeedMeasurement.fits(memory) else { return nil }
        return try SpeedMeasurement(threads: threads ?? DoctorChecks.usableProcessors)
    }
}

/// One line of the report.
struct Finding: Encodable {
    enum Status: String, Encodable { case ok, warn, fail }

    let check: String
    let status: Status
    let detail: String
    /// What to do; nil when all is well.
    let advice: String?

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, status: .ok, detail: detail, advice: nil)
    }
    static func warn(_ check: String, _ detail: String, advice: String) -> Finding {
        Finding(check: check, status: .warn, detail: detail, advice: advice)
    }
    static func fail(_ check: String, _ detail: String, advice: String) -> Finding {
        Finding(check: check, status: .fail, detail: detail, advice: advice)
    }
}

/// What a computer can promise, by how many times faster than it is heard the speech is made.
enum DeviceClass: String, Encodable {
    case live, buffered
    case preRender = "pre-render"

    init(timesRealTime: Double) {
        self = timesRealTime >= 1 ? .live : timesRealTime >= 0.5 ? .buffered : .preRender
    }

    var meaning: String {
        switch self {
        case .live: "speaks while it computes"
        case .buffered: "starts when it can finish without a hole"
        case .preRender: "computes first and speaks then: makima say --output"
        }
    }
}

struct DoctorReport: Encodable {
    let version: String
    /// nil where there is no memory to measure in.
    let deviceClass: DeviceClass?
    let speed: SpeedMeasurement?
    let recommended: ModelRecommendation?
    let findings: [Finding]

    func printLines() {
        for finding in findings {
            let name = finding.check + String(repeating: " ", count: max(0, 12 - finding.check.count))
            print("\(finding.status.rawValue.padded) \(name) \(finding.detail)")
            if let advice = finding.advice { print("                  → \(advice)") }
        }
    }
}

extension String {
    fileprivate var padded: String { self + String(repeating: " ", count: max(0, 4 - count)) }
}
