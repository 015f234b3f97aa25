import Audio
import Compute
import FoundationEssentials
import Glibc
import Memory
import ModelStore
import Server
import Speech

/// What `makima doctor` looks at, one function each. None of them changes anything.
enum DoctorChecks {
    // MARK: Computer

    static func processor() -> Finding {
        let information = read("/proc/cpuinfo")
        let name = field("model name", in: information) ?? field("Model", in: information) ?? "unknown processor"
        let known = ["avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "asimd", "asimddp", "i8mm", "bf16"]
        let flags = Set(
            (field("flags", in: information) ?? field("Features", in: information) ?? "").split(separator: " "))
        let features = known.filter { flags.contains(Substring($0)) }.joined(separator: " ")
        let kernels = Kernels.best.name
        let detail =
            "\(name), \(usableProcessors) usable; \(features.isEmpty ? "no vector extension known" : features); \(kernels) kernels"
        guard Kernels.available.count > 1 else {
            return .warn(
                "processor", detail,
                advice: "Without vector kernels the released model is far from real time; use the built-in one.")
        }
        return .ok("processor", detail)
    }

    /// Processors this process may run on.
    static var usableProcessors: Int {
        min(64, Processor.cores)
    }

    /// nil where the machine does not say, as in most virtual machines.
    static func clockRate() -> Finding? {
        let folder = "/sys/devices/system/cpu/cpu0/cpufreq/"
        let governor = read(folder + "scaling_governor").split(separator: "\n").first
        guard let governor else { return nil }
        // intel_pstate and amd-pstate call their adaptive mode "powersave"; it is as quick as any.
        let isAdaptive = read(folder + "scaling_driver").contains("pstate")
        guard governor == "powersave", !isAdaptive else { return .ok("clock rate", "governor \(governor)") }
        return .warn(
            "clock rate", "the governor holds the processor at its slowest",
            advice: "echo schedutil | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
    }

    static func memory(_ memory: SystemMemory = SystemMemory()) -> Finding {
        guard let limit = memory.limit, let available = memory.available else {
            return .warn("memory", "the system does not say", advice: "The int8 model needs 1 GB.")
        }
        let detail = "\(sizeText(available.bytes)) available of \(sizeText(limit.bytes))\(limit.source.words)"
        guard available.bytes >= 1_000_000_000 else {
            let remedy = limit.bytes >= 1_000_000_000 ? "end other programs, or " : ""
            return .warn(
                "memory", detail, advice: "The int8 model needs 1 GB: \(remedy)stay with the built-in model.")
        }
        return .ok("memory", detail)
    }

    // MARK: Speed

    static func speed(_ speed: SpeedMeasurement) -> [Finding] {
        let rates =
            "memory read at \(sizeText(Int(speed.memoryBandwidth)))/s; int8 weights at \(sizeText(Int(speed.int8.weightRate)))/s, int4 at \(sizeText(Int(speed.int4.weightRate)))/s (\(speed.threads) threads)"
        let expected =
            "0.6B model: \(times(speed.int8.timesRealTime)) × real time at int8, \(times(speed.int4.timesRealTime)) at int4"
        let detail = "\(speed.deviceClass.rawValue) (\(speed.deviceClass.meaning)); \(expected)"
        let measured = Finding.ok("bandwidth", rates)
        switch speed.deviceClass {
        case .live: return [measured, .ok("speed", detail)]
        case .buffered:
            return [
                measured,
                .warn(
                    "speed", detail,
                    advice: "Speech starts late; int4 is quicker than int8, and the built-in model is live."),
            ]
        case .preRender:
            return [
                measured,
                .warn(
                    "speed", detail,
                    advice: "The released model is too much for this computer; the built-in model is smaller."),
            ]
        }
    }

    /// What Chatterbox can be expected to reach, and which model is the one for this computer.
    static func models(_ speed: SpeedMeasurement) -> [Finding] {
        let chatterbox = ChatterboxEstimate(speed)
        return [
            .ok(
                "chatterbox",
                "estimated \(times(chatterbox.turbo)) × real time with Turbo, \(times(chatterbox.nano)) with Nano, at int8"
            ),
            .ok("recommended", ModelRecommendation(speed).sentence),
        ]
    }

    static let unmeasured = Finding.warn(
        "speed", "not measured: that takes \(sizeText(SpeedMeasurement.memory)) of memory",
        advice: "End other programs and ask again; the built-in model is live on every computer.")

    // MARK: Model and voices

    static func model(_ name: String?) -> Finding {
        do {
            let choice = try EngineChoice(model: name)
            let path = choice.options.folder
            let verdict = try Checksums.check(path)
            if case .damaged(let file, let reason) = verdict {
                return .fail(
                    "model", "\(path)/\(file): \(reason)",
                    advice: "Remove the model and pull it again, or reinstall makima.")
            }
            var shortage: String?
            let languages = try choice.load { shortage = $0 }.information.languages.joined(separator: " ")
            let checked =
                if case .intact(let files) = verdict { "\(files) files as they were written" } else {
                    "no checksums recorded"
                }
            let detail = "\(path), \(checked); engine \(choice.engine.name); languages: \(languages)"
            return shortage.map { .warn("model", detail, advice: $0) } ?? .ok("model", detail)
        } catch {
            return .fail("model", "\(error)", advice: "makima models shows what is installed.")
        }
    }

    static func voices() -> Finding {
        do {
            let store = try VoiceLocations.store()
            let (voices, unusable) = store.list()
            _ = try store.find(named: "")
            let usable = voices.map(\.metadata.id).joined(separator: " ")
            guard unusable.isEmpty else {
                let problems = unusable.map(\.description).joined(separator: " ")
                return .warn(
                    "voices", "\(usable); not usable: \(problems)",
                    advice: "Mend or remove what is named; makima voices lists it.")
            }
            return .ok("voices", usable)
        } catch {
            return .fail("voices", "\(error)", advice: "Reinstall makima, or set TTS_DEFAULT_VOICE.")
        }
    }

    static func disk() -> Finding {
        let store = ModelLocations.store()
        guard let free = store.freeSpace else {
            return .warn("disk", "\(store.directory): the system does not say", advice: "A pull needs about 4 GB.")
        }
        let detail = "\(sizeText(free)) free for \(store.directory)"
        guard free >= 4_000_000_000 else {
            return .warn("disk", detail, advice: "A pull of the 0.6B model needs about 4 GB until it is done.")
        }
        return .ok("disk", detail)
    }

    // MARK: Surroundings

    static func sound() -> Finding {
        if ALSAPlayer.isAvailable() { return .ok("sound", "the default device opens") }
        let hasCard = !((try? FileManager.default.contentsOfDirectory(atPath: "/dev/snd")) ?? []).isEmpty
        return .warn(
            "sound", hasCard ? "there is a sound card, but the default device does not open" : "there is no sound card",
            advice: hasCard
                ? "Join the group audio (sudo adduser $USER audio, then log in again), or end the program that holds it."
                : "Speech still goes to files and over the network.")
    }

    static func discovery() -> Finding {
        guard connects(to: "/run/avahi-daemon/socket") else {
            return .warn(
                "discovery", "Avahi does not answer: the service is not found by name",
                advice: "sudo apt install avahi-daemon, or sudo systemctl start avahi-daemon")
        }
        return .ok("discovery", "Avahi answers")
    }

    static func port(_ port: UInt16) -> Finding {
        switch PortState(port) {
        case .free: .ok("port", "\(port) is free")
        case .makima: .ok("port", "makima answers on \(port)")
        case .other:
            .fail(
                "port", "another program holds \(port)",
                advice: "sudo ss -ltnp 'sport = :\(port)' names it; or change the port in /etc/makima/makima.toml.")
        case .denied(let reason): .fail("port", "\(port): \(reason)", advice: "Choose a port from 1024 up.")
        }
    }

    static func clock() -> Finding {
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        // 2026-01-01: a board without a battery wakes up long before.
        guard now.tv_sec > 1_767_225_600 else {
            return .fail(
                "clock", "the clock is years behind",
                advice: "sudo timedatectl set-ntp true; downloads and tokens need the time.")
        }
        let keepers = ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/ntpd.pid"]
        guard keepers.contains(where: { FileManager.default.fileExists(atPath: $0) }) else {
            return .warn("clock", "nothing keeps the clock right", advice: "sudo timedatectl set-ntp true")
        }
        return .ok("clock", "kept by the network")
    }

    // MARK: Reading

    static func read(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The value of the first line "name : value".
    static func field(_ name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let halves = line.split(separator: ":", maxSplits: 1)
            let key = halves[0].reversed().drop { $0 == " " || $0 == "\t" }.reversed()
            guard halves.count == 2, String(key) == name else { continue }
            return String(halves[1].drop { $0 == " " })
        }
        return nil
    }
}
