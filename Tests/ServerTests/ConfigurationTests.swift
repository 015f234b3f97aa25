import Testing

@testable import Server

@Suite struct TOMLTests {
    @Test func valuesOfEveryKind() throws {
        let text = """
            # a comment
            host = "0.0.0.0"  # another
            path = 'C:\\no\\escape'
            text = "a\\"b\\\\c\\u00e9\\n"
              port=8_012
            rate = 1.5e1
            on = true
            names = [ "a", 'b, c' , "" ]
            none = []\r
            """
        let values = Dictionary(uniqueKeysWithValues: try TOML.parse(text).map { ($0.name, $0.value) })
        #expect(
            values == [
                "host": .string("0.0.0.0"), "path": .string("C:\\no\\escape"), "text": .string("a\"b\\cé\n"),
                "port": .integer(8012), "rate": .number(15), "on": .flag(true), "names": .list(["a", "b, c", ""]),
                "none": .list([]),
            ])
    }

    @Test(arguments: [
        "[table]", "name", "= 1", "a = ", "a = 1 2", "a = hello", "a = \"open", "a = \"\\x\"", "a = \"\\u12\"",
        "a = [1]",
        "a = [\"x\"", "a = [\"x\" \"y\"]", "a = 1\na = 2", "a = --1", "a = 99999999999999999999999e999", "a.b = 1",
        "\u{0}",
        "a = \"\u{1}\"",
    ])
    func whatIsNoTOMLOfOursIsRefusedByLine(text: String) {
        let error = #expect(throws: TOMLError.self) { try TOML.parse("ok = 1\n" + text) }
        #expect((error?.line ?? 0) >= 2)
    }

    @Test func theMarkOfAnEditorIsNoName() throws {
        #expect(try TOML.parse("\u{FEFF}port = 1\r\n").map(\.name) == ["port"])
        #expect(throws: TOMLError.self) { try TOML.parse("a = 1\n\u{FEFF}port = 1") }
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let values: [TOMLValue] = [
            .string("a\"b\\\n\t\r\u{1}é😀"), .integer(-5), .number(0.25), .flag(false), .list(["", "a, b", "\"]"]),
        ]
        for value in values { #expect(try TOML.parse("x = " + TOML.write(value)).map(\.value) == [value]) }
    }
}

@Suite struct ServerConfigurationTests {
    private func read(_ text: String) throws -> ServerConfiguration {
        try ServerConfiguration(file: ("f.toml", text), environment: [:], flags: [])
    }

    @Test func loudnessIsALevelOrOff() throws {
        #expect(try read("").loudness == -19)
        #expect(try read("loudness = -23.5").loudness == -23.5)
        #expect(try read("loudness = -16").loudness == -16)
        #expect(try read("loudness = \"off\"").loudness == nil)
        for text in ["loudness = -5", "loudness = \"loud\"", "loudness = true", "speed = 5", "speed = \"1\""] {
            #expect(throws: SettingsError.self) { try read(text) }
        }
        let flags = try ServerConfiguration(
            file: nil, environment: ["MAKIMA_LOUDNESS": "off"], flags: [("speed", "1.25")])
        #expect(flags.loudness == nil && flags.speed == 1.25)
        #expect(try read(flags.file) == flags)
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() throws {
        let configuration = try ServerConfiguration(
            file: ("f.toml", "host = \"1.1.1.1\"\nport = 1\ngrace = 1\nallowed-hosts = [\"a\", \"b\"]"),
            environment: ["MAKIMA_PORT": "2", "MAKIMA_GRACE": "2", "TTS_DEFAULT_VOICE": "denji", "MAKIMA_HOST": ""],
            flags: [("grace", "3")])
        #expect(configuration.host == "1.1.1.1")
        #expect(configuration.port == 2)
        #expect(configuration.grace == 3)
        #expect(configuration.defaultVoice == "denji")
        #expect(configuration.allowedHosts == ["a", "b"])
    }

    @Test func theSpecificationsVariablesAreKnown() {
        let names = Set(ServerConfiguration.settings.map(\.environment))
        #expect(
            names.isSuperset(of: ["TTS_ENGINE", "TTS_MODEL_ID", "TTS_DEVICE", "TTS_VOICES_DIR", "TTS_DEFAULT_VOICE"]))
        #expect(names.count == ServerConfiguration.settings.count)
    }

    @Test func thePrintedFileSaysTheSame() throws {
        var configuration = ServerConfiguration()
        configuration.host = "quo\"te"
        configuration.allowedOrigins = ["https://a.example", "b"]
        configuration.logText = true
        configuration.port = 0
        #expect(try ServerConfiguration(file: ("f", configuration.file), environment: [:], flags: []) == configuration)
    }

    @Test(arguments: [
        ("port = 99999", "f.toml, line 1: port is a whole number from 0 to 65535."),
        ("\nport = \"1\"", "f.toml, line 2: port is a whole number from 0 to 65535."),
        ("prot = 1", "f.toml, line 1: there is no setting prot."),
        ("load = \"never\"", "f.toml, line 1: load is one of startup, first-use."),
        ("log-text = 1", "f.toml, line 1: log-text is true or false."),
        ("port = ", "f.toml, line 1: Nothing is no value; text needs quotes."),
    ])
    func errorsNameFileLineAndSetting(text: String, message: String) {
        let error = #expect(throws: SettingsError.self) {
            try ServerConfiguration(file: ("f.toml", text), environment: [:], flags: [])
        }
        #expect(error?.description == message)
    }

    @Test func errorsNameTheVariableOrTheFlag() {
        let variable = #expect(throws: SettingsError.self) {
            try ServerConfiguration(file: nil, environment: ["MAKIMA_PORT": "http"], flags: [])
        }
        #expect(variable?.description.hasPrefix("MAKIMA_PORT: http is no value for it.") == true)
        let flag = #expect(throws: SettingsError.self) {
            try ServerConfiguration(file: nil, environment: [:], flags: [("port", "70000")])
        }
        #expect(flag?.description.hasPrefix("--port 70000: ") == true)
    }
}
