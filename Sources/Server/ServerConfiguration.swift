// Every setting of the server: name, default, meaning. Flags win over the environment, the environment over the file.

import Audio
import Speech

package struct ServerConfiguration: Sendable, Equatable {
    package var host = "0.0.0.0"
    package var port = 8012
    package var wyomingPort = 10_200
    package var mdns = true
    package var mdnsName = ""
    package var engine = "auto"
    package var toneFrame = 0
    package var model = "makima-mini"
    package var device = "cpu"
    package var threads = 0
    package var load = "startup"
    package var unloadAfter = 0
    package var voicesDirectory = ""
    package var builtInVoices = ""
    package var defaultVoice = "makima"
    package var defaultLanguage = "auto"
    package var pronunciationFiles: [String] = []
    /// LUFS; nil leaves voices as loud as the model makes them.
    package var loudness: Double? = -19
    package var speed = 1.0
    package var cacheDirectory = ""
    /// MiB; nil where the computer's speed decides.
    package var phraseCache: Int?
    package var slowSpeech = SlowSpeech.wait.rawValue
    package var preparedVoices = 16
    package var promptCache = 128
    package var voicesLimit = 200
    package var speakers = 10
    package var queue = 256
    package var deadline = 300
    package var memoryReserve = 64
    package var grace = 10
    package var textLimit = 10_000
    package var requestsPerSecond = 50
    package var requestBurst = 100
    package var connections = 512
    package var tokensFile = ""
    package var secretFile = ""
    package var keySetFile = ""
    package var tokenIssuer = ""
    package var tokenAudience = ""
    package var tokenInAddress = false
    package var allowPublic = false
    package var allowedHosts: [String] = []
    package var allowedOrigins: [String] = []
    package var certificate = ""
    package var certificateKey = ""
    package var uploadLimit = 20
    package var logLevel = "info"
    package var logFormat = LogFormat.text.rawValue
    package var logText = false

    package init() {}
}

package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension ServerConfiguration {
    /// One setting: where it may be set, what it means, and how it is read.
    package struct Setting: Sendable {
        package let name: String
        package let environment: String
        package let help: String
        package let read: @Sendable (ServerConfiguration) -> TOMLValue
        let write: @Sendable (inout ServerConfiguration, TOMLValue) throws(SettingsError) -> Void
        /// From a flag or the environment, where everything is text.
        let parse: @Sendable (String) -> TOMLValue?
    }

    package static let settings: [Setting] = [
        .text(\.host, "host", "Address to listen on. 127.0.0.1 keeps the server to this machine."),
        .number(\.port, "port", 0...65_535, "Port of everything HTTP. 0 takes a free one."),
        .number(
            \.wyomingPort, "wyoming-port", 0...65_535, "Port for Home Assistant (Wyoming). 0 keeps this door shut."),
        .flag(\.mdns, "mdns", "Whether the server is announced on the local network, through the Avahi daemon."),
        .text(\.mdnsName, "mdns-name", "Name to announce. makima on HOST when empty."),
        .text(
            \.engine, "engine", "What speaks: the name of an engine; auto takes the one that the model is for.",
            environment: "TTS_ENGINE"),
        .text(
            \.model, "model", "Name of a model in the store, or folder of a checkpoint.", environment: "TTS_MODEL_ID"),
        .number(\.toneFrame, "tone-frame", 0...10_000, "Milliseconds that a frame takes the engine tone."),
        .text(\.device, "device", "What computes: cpu.", environment: "TTS_DEVICE"),
        .number(\.threads, "threads", 0...256, "Threads to compute with. 0 chooses."),
        .choice(\.load, "load", ["startup", "first-use"], "When the model is loaded."),
        .number(
            \.unloadAfter, "unload-after", 0...100_000,
            "Minutes without a request after which the model's memory is given back. 0 keeps it."),
        .text(
            \.voicesDirectory, "voices-dir", "Folder of voices; new ones are added here. Chosen when empty.",
            environment: "TTS_VOICES_DIR"
        ),
        .text(\.builtInVoices, "built-in-voices", "Folder of the voices that came with the program. Found when empty."),
        .text(
            \.defaultVoice, "default-voice",
            "Voice of those who name none, as long as no other one was chosen on the page or by PATCH.",
            environment: "TTS_DEFAULT_VOICE"),
        .language(
            \.defaultLanguage, "default-language",
            "Language of texts where neither the request nor the voice names one; auto guesses it for each sentence."),
        .list(
            \.pronunciationFiles, "pronunciations",
            "Lists of words and what to say for them. /etc/makima/pronunciations.tsv and the user's own when empty."),
        .loudness(
            \.loudness, "loudness", -40...(-9),
            "How loud every voice is, in LUFS (ITU-R BS.1770); off leaves voices as the model makes them."),
        .decimal(
            \.speed, "speed", TimeStretch.speeds,
            "How fast is spoken to those who name no speed, unless their voice has one."),
        .text(
            \.cacheDirectory, "cache-dir", "Folder where prepared voices are kept for the next start; none when empty."),
        .size(
            \.phraseCache, "phrase-cache", 0...1 << 20,
            "MiB of finished sound kept in cache-dir, so that what was said before is said at once. 0 keeps none; auto keeps 256 "
                + "of all that is said on a computer that makes less than half a second of speech in a second, and of what makima "
                + "render was given on others."),
        .choice(
            \.slowSpeech, "slow-speech", SlowSpeech.allCases.map(\.rawValue),
            "What HTTP and Wyoming do where speech is made more slowly than it is heard: send it as it is made, wait until it "
                + "can be heard without a hole, or refuse. WebSockets say in start what they want."),
        .number(\.voicesLimit, "voices-limit", 0...100_000, "Voices that may be added to the folder of voices."),
        .number(\.preparedVoices, "prepared-voices", 1...1000, "Voices kept ready in memory."),
        .number(
            \.promptCache, "prompt-cache", 0...1 << 20,
            "MiB that may hold what the model has read of voices, so that the next sentence begins at once."),
        .number(\.speakers, "speakers", 1...64, "Utterances spoken at the same time."),
        .number(\.queue, "queue", 1...10_000, "Requests that may wait before others are refused."),
        .number(
            \.deadline, "deadline", 1...86_400, "Seconds an utterance may take beyond the length of its sound."),
        .number(
            \.textLimit, "text-limit", 4096...10_000_000,
            "Characters of a text; of one that is still being written, of what waits to be said."),
        .number(
            \.memoryReserve, "memory-reserve", 0...1 << 30,
            "MiB of memory that must be left for another utterance to begin."),
        .number(\.grace, "grace", 0...3600, "Seconds speech may take to finish when the server stops."),
        .number(
            \.requestsPerSecond, "requests-per-second", 0...100_000, "Requests a second of one client; 0 sets no limit."
        ),
        .number(\.requestBurst, "request-burst", 1...100_000, "Requests of one client at once."),
        .number(\.connections, "connections", 1...60_000, "Open connections."),
        .text(\.tokensFile, "auth-tokens-file", "File of tokens that let in, one a line."),
        .text(
            \.secretFile, "auth-secret-file", "File of the secret that signs tokens (JWT, HS256); at least 32 bytes."),
        .text(\.keySetFile, "auth-jwks-file", "File of the keys that sign tokens (JSON Web Key Set)."),
        .text(\.tokenIssuer, "auth-issuer", "Who must have issued a token (iss)."),
        .text(\.tokenAudience, "auth-audience", "Whom a token must be meant for (aud)."),
        .flag(
            \.tokenInAddress, "token-in-address",
            "Whether /api/v1/say takes the token in the address (token=…), for media players: who sees the address has the token."
        ),
        .flag(
            \.allowPublic, "allow-public",
            "Whether everybody on the internet may use the server: an address of the internet without a token is refused else."
        ),
        .list(\.allowedHosts, "allowed-hosts", "Names the server answers to, beside addresses and local names."),
        .list(
            \.allowedOrigins, "allowed-origins",
            "Origins of other pages that may use the server, such as https://example.org."),
        .text(\.certificate, "tls-certificate", "Certificate chain (PEM): the port then speaks TLS."),
        .text(\.certificateKey, "tls-key", "Private key of the certificate (PEM)."),
        .number(\.uploadLimit, "upload-limit", 1...1000, "Largest upload in MiB."),
        .choice(
            \.logLevel, "log-level", ["trace", "debug", "info", "notice", "warning", "error"],
            "Least important message logged."),
        .choice(
            \.logFormat, "log-format", LogFormat.allCases.map(\.rawValue),
            "How the log is written: lines for people, or a JSON object in each line for programs."),
        .flag(\.logText, "log-text", "Whether the log holds what is spoken."),
    ]

    /// `file` as its text; `environment` and `flags` by name. `source` of each setting that is not at its default.
    package init(
        file: (path: String, text: String)?, environment: [String: String], flags: [(name: String, value: String)]
    ) throws(SettingsError) {
        self.init()
        if let file { try read(file: file.path, file.text) }
        for setting in Self.settings {
            guard let text = environment[setting.environment], !text.isEmpty else { continue }
            try set(setting, text, from: setting.environment)
        }
        for (name, text) in flags {
            guard let setting = Self.settings.first(where: { $0.name == name }) else {
                throw SettingsError("There is no setting \(name). makima serve --print-config lists them.")
            }
            try set(setting, text, from: "--" + name)
        }
    }

    private mutating func read(file path: String, _ text: String) throws(SettingsError) {
        let entries: [TOML.Entry]
        do { entries = try TOML.parse(text) } catch { throw SettingsError("\(path), \(error)") }
        for entry in entries {
            guard let setting = Self.settings.first(where: { $0.name == entry.name }) else {
                throw SettingsError("\(path), line \(entry.line): there is no setting \(entry.name).")
            }
            do { try setting.write(&self, entry.value) } catch {
                throw SettingsError("\(path), line \(entry.line): \(error.description)")
            }
        }
    }

    private mutating func set(_ setting: Setting, _ text: String, from source: String) throws(SettingsError) {
        guard let value = setting.parse(text) else {
            throw SettingsError("\(source): \(text) is no value for it. \(setting.help)")
        }
        do { try setting.write(&self, value) } catch {
            throw SettingsError("\(source) \(text): \(error.description)")
        }
    }

    /// A settings file that says what this configuration says.
    package var file: String {
        Self.settings.map { setting in
            "# \(setting.help) Environment: \(setting.environment)\n\(setting.name) = \(TOML.write(setting.read(self)))\n"
        }.joined(separator: "\n")
    }
}

extension ServerConfiguration.Setting {
    private static func variable(_ name: String) -> String {
        "MAKIMA_" + name.uppercased().replacing("-", with: "_")
    }

    fileprivate static func text(
        _ path: any WritableKeyPath<ServerConfiguration, String> & Sendable, _ name: String, _ help: String,
        environment: String? = nil
    ) -> Self {
        Self(
            name: name, environment: environment ?? variable(name), help: help, read: { .string($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .string(let text) = value else { throw SettingsError("\(name) takes text in quotes.") }
                configuration[keyPath: path] = text
            }, parse: { .string($0) })
    }

    /// A language by name or code, or auto.
    fileprivate static func language(
        _ path: any WritableKeyPath<ServerConfiguration, String> & Sendable, _ name: String, _ help: String
    ) -> Self {
        Self(
            name: name, environment: variable(name), help: help, read: { .string($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .string(let text) = value, text.lowercased() == "auto" || Language.named(text) != nil else {
                    let codes = Language.all.map(\.code).joined(separator: ", ")
                    throw SettingsError("\(name) is auto or a language: \(codes).")
                }
                configuration[keyPath: path] = text
            }, parse: { .string($0) })
    }

    fileprivate static func choice(
        _ path: any WritableKeyPath<ServerConfiguration, String> & Sendable, _ name: String, _ choices: [String],
        _ help: String, environment: String? = nil
    ) -> Self {
        let list = choices.joined(separator: ", ")
        return Self(
            name: name, environment: environment ?? variable(name), help: "\(help) One of: \(list).",
            read: { .string($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .string(let text) = value, choices.contains(text) else {
                    throw SettingsError("\(name) is one of \(list).")
                }
                configuration[keyPath: path] = text
            }, parse: { .string($0) })
    }

    fileprivate static func number(
        _ path: any WritableKeyPath<ServerConfiguration, Int> & Sendable, _ name: String, _ range: ClosedRange<Int>,
        _ help: String
    ) -> Self {
        Self(
            name: name, environment: variable(name), help: help, read: { .integer($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .integer(let number) = value, range.contains(number) else {
                    throw SettingsError(
                        "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).")
                }
                configuration[keyPath: path] = number
            }, parse: { Int($0).map { .integer($0) } })
    }

    /// A number, or "auto" for nil.
    fileprivate static func size(
        _ path: any WritableKeyPath<ServerConfiguration, Int?> & Sendable, _ name: String, _ range: ClosedRange<Int>,
        _ help: String
    ) -> Self {
        let auto = TOMLValue.string("auto")
        return Self(
            name: name, environment: variable(name), help: help,
            read: { $0[keyPath: path].map { .integer($0) } ?? auto },
            write: { (configuration, value) throws(SettingsError) in
                if case .integer(let number) = value, range.contains(number) {
                    configuration[keyPath: path] = number
                } else if value == auto {
                    configuration[keyPath: path] = nil
                } else {
                    throw SettingsError(
                        "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound), or \"auto\".")
                }
            }, parse: { text in text == "auto" ? auto : Int(text).map { .integer($0) } })
    }

    fileprivate static func decimal(
        _ path: any WritableKeyPath<ServerConfiguration, Double> & Sendable, _ name: String,
        _ range: ClosedRange<Double>,
        _ help: String
    ) -> Self {
        Self(
            name: name, environment: variable(name), help: help, read: { .number($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard let number = value.double, range.contains(number) else {
                    throw SettingsError("\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
                }
                configuration[keyPath: path] = number
            }, parse: { Double($0).map { .number($0) } })
    }

    /// A level, or "off" for nil.
    fileprivate static func loudness(
        _ path: any WritableKeyPath<ServerConfiguration, Double?> & Sendable, _ name: String,
        _ range: ClosedRange<Double>,
        _ help: String
    ) -> Self {
        let off = TOMLValue.string("off")
        return Self(
            name: name, environment: variable(name), help: help, read: { $0[keyPath: path].map { .number($0) } ?? off },
            write: { (configuration, value) throws(SettingsError) in
                guard value == off || value.double.map(range.contains) ?? false else {
                    throw SettingsError(
                        "\(name) is a number from \(range.lowerBound) to \(range.upperBound), or \"off\".")
                }
                configuration[keyPath: path] = value.double
            }, parse: { text in text == "off" ? off : Double(text).map { .number($0) } })
    }

    fileprivate static func flag(
        _ path: any WritableKeyPath<ServerConfiguration, Bool> & Sendable, _ name: String, _ help: String
    ) -> Self {
        Self(
            name: name, environment: variable(name), help: help, read: { .flag($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .flag(let isOn) = value else { throw SettingsError("\(name) is true or false.") }
                configuration[keyPath: path] = isOn
            }, parse: { Bool($0).map { .flag($0) } })
    }

    /// As text the entries are separated by commas.
    fileprivate static func list(
        _ path: any WritableKeyPath<ServerConfiguration, [String]> & Sendable, _ name: String, _ help: String
    ) -> Self {
        Self(
            name: name, environment: variable(name), help: help, read: { .list($0[keyPath: path]) },
            write: { (configuration, value) throws(SettingsError) in
                guard case .list(let entries) = value else {
                    throw SettingsError("\(name) is a list: [\"a\", \"b\"].")
                }
                configuration[keyPath: path] = entries
            }, parse: { .list($0.split(separator: ",").map { String($0).trimmingWhitespace() }) })
    }
}

extension TOMLValue {
    fileprivate var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .string, .flag, .list: nil
        }
    }
}
