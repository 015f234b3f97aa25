import Testing

@testable import makima

struct AdviceTests {
    private static let commands = Makima.commands

    @Test(arguments: [
        (["speak", "Hello."], "say"), (["Say"], "say"), (["sya"], "say"), (["Good morning."], "say"),
        (["server"], "serve"), (["voice"], "voices"), (["modles", "list"], "models"), (["docter"], "doctor"),
    ])
    func whatWasMeantIsSaid(arguments: [String], command: String) {
        let advice = Advice.onCommand(arguments, among: Self.commands)
        #expect(advice?.contains("did you mean makima \(command)?") == true, "\(advice ?? "")")
    }

    @Test func commandsAndOptionsNeedNoAdvice() {
        for arguments in Self.commands.map({ [$0] }) + [["help"], ["--version"], ["-h"], []] {
            #expect(Advice.onCommand(arguments, among: Self.commands) == nil, "\(arguments)")
        }
        let advice = Advice.onCommand(["xylophone"], among: Self.commands)
        #expect(advice == "There is no command xylophone. makima --help lists what there is.")
    }

    @Test func whatOnlyRootMayDoSaysSudo() {
        let message = "Error: Cannot write /var/lib/makima/voices/ada: Permission denied."
        let arguments = ["voices", "add", "my clip.wav"]
        let advice = Advice.onRefusal(message, arguments, isRoot: false)
        #expect(advice?.hasSuffix("sudo makima voices add 'my clip.wav'") == true, "\(advice ?? "")")
        #expect(Advice.onRefusal(message, arguments, isRoot: true) == nil)
        #expect(Advice.onRefusal("Cannot write /home/ada/x: Permission denied", arguments, isRoot: false) == nil)
        #expect(Advice.onRefusal("/var/lib/makima: No such file or directory", arguments, isRoot: false) == nil)
    }
}
