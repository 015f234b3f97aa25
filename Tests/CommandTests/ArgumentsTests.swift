import Server
import Testing

@testable import makima

struct ArgumentsTests {
    @Test(arguments: [
        (["say", "-5 degrees"], ["say", "--", "-5 degrees"]),
        (["say", "-5", "--output", "a.wav"], ["say", "--output", "a.wav", "--", "-5"]),
        (["say", "hello", "--volume", "-1"], ["say", "hello", "--volume", "-1"]),
        (["say", "--play", "-5 degrees"], ["say", "--play", "--", "-5 degrees"]),
        (["say", "--", "-5"], ["say", "--", "-5"]),
        (["say", "-h"], ["say", "-h"]), (["say", "-"], ["say", "-"]), (["say", "--play"], ["say", "--play"]),
    ])
    func textsAreToldFromOptions(given: [String], understood: [String]) {
        #expect(Arguments.textsLast(given) == understood)
    }

    @Test(arguments: [
        (["serve", "--wyoming-port", "0"], ["serve", "--set", "wyoming-port=0"]),
        (["serve", "--wyoming-port=0"], ["serve", "--set", "wyoming-port=0"]),
        (["serve", "--allow-public", "--port", "1"], ["serve", "--set", "allow-public=true", "--port", "1"]),
        (["serve", "--mdns", "false"], ["serve", "--set", "mdns=false"]),
        (["serve", "--queue"], ["serve", "--queue"]),
        (["serve", "--set", "queue=2"], ["serve", "--set", "queue=2"]),
        (["serve", "--nonsense", "x"], ["serve", "--nonsense", "x"]),
    ])
    func everySettingIsAFlag(given: [String], understood: [String]) {
        #expect(Arguments.settingsNamed(given) == understood)
    }

    @Test func thoseWithAnOptionAreSettings() {
        #expect(Serve.options.isSubset(of: ServerConfiguration.settings.map(\.name)))
    }
}
