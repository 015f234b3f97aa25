import ArgumentParser
import Speech

/// `makima inspect`: what a checkpoint is.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what a checkpoint is: variant, sizes, formats, languages, speakers, bytes.")

    @Argument(help: ArgumentHelp("Folder of a checkpoint, or a model of makima models.", valueName: "model"))
    var model: String

    func run() throws {
        let choice = try EngineChoice(engine: EngineList.automatic, model: model)
        for (name, value) in try choice.engine.inspect(choice.options.folder) {
            print(name + String(repeating: " ", count: max(1, 16 - name.count)) + (value.isEmpty ? "none" : value))
        }
    }
}
