import ArgumentParser

@main
struct Makima: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makima", abstract: "Speaks text in a voice you chose, on this computer, offline.")
}
