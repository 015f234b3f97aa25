import ArgumentParser
import FoundationEssentials
import JSONText
import Server

/// `makima discover`: which appliances answer on the network?
struct Discover: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the appliances on the local network.",
        discussion: """
            Asks over mDNS for _makima._tcp, through the Avahi daemon of this computer. Exit status 1 when none answers. The names \
            go into `makima say --remote NAME TEXT`.
            """)

    @Flag(help: "Prints a JSON list.") var json = false

    @Option(help: ArgumentHelp("How long to wait for answers.", valueName: "seconds"))
    var wait = 3.0

    func validate() throws {
        guard (0.1...60).contains(wait) else {
            throw ValidationError("--wait takes a number of seconds from 0.1 to 60.")
        }
    }

    func run() throws {
        let found = try findAppliances(milliseconds: Int(wait * 1000))
        if json {
            print(JSON.encode(found))
        } else {
            for appliance in found { print(Self.row(appliance)) }
        }
        guard found.isEmpty else { return }
        if !json { print("No appliance answers. Is one running (makima serve), on the same network?") }
        throw ExitCode(1)
    }

    private static func row(_ appliance: Appliance) -> String {
        let details = appliance.details
        let model = [details["model"], details["quant"]].compactMap(\.self).joined(separator: ", ")
        let token = details["auth"] == "1" ? "  needs a token" : ""
        return "\(appliance.name)  \(appliance.url)  \(model)\(token)"
    }
}
