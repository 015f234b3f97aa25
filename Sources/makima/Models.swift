import ArgumentParser
import Memory
import ModelStore
import Speech

/// `makima models`: what is installed, and fetching more.
struct Models: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, fetches and removes models.",
        discussion: """
            A model is named by a folder, or by its Hugging Face id, as in Qwen/Qwen3-TTS-12Hz-0.6B-Base; add the format after \
            a colon when several are installed, as in Qwen/Qwen3-TTS-12Hz-0.6B-Base:int4. makima-mini is the small English model \
            that comes with makima. makima models recommend says which model suits this computer.
            """,
        subcommands: [List.self, Recommend.self, Pull.self, Path.self, Remove.self],
        defaultSubcommand: List.self)

    struct StoreOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Folder of the store; MAKIMA_MODELS_DIR unless given, else \(ModelLocations.system) where it can be written, else the user's own.",
                valueName: "folder"))
        var store: String?

        var models: ModelStore { ModelLocations.store(store) }
    }
}

extension Models {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the models on this computer.")

        @OptionGroup var options: StoreOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let models = options.models.list()
            if json { return printJSON(described(models)) }
            guard !models.isEmpty else {
                print("No model is installed. makima models pull Qwen/Qwen3-TTS-12Hz-0.6B-Base fetches one.")
                return
            }
            let rows = models.map {
                [
                    $0.name, $0.format, engine(of: $0), sizeText($0.bytes),
                    $0.isBuiltIn ? "comes with makima" : $0.isDefault ? "default" : "", $0.path,
                ]
            }
            for row in [["MODEL", "FORMAT", "ENGINE", "SIZE", "", "FOLDER"]] + rows {
                print(line(row, widths: widths(rows)))
            }
            for model in models { if let summary = model.summary { print("\n\(model.name): \(summary)") } }
        }

        /// What speaks the model; "none" when no engine of this program does.
        private func engine(of model: ModelStore.Installed) -> String {
            (try? EngineList.installed.engine(EngineList.automatic, for: model.path))?.name ?? "none"
        }

        private func widths(_ rows: [[String]]) -> [Int] {
            (0..<5).map { column in max(rows.map { $0[column].count }.max() ?? 0, 6) }
        }

        private func line(_ row: [String], widths: [Int]) -> String {
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "  "
                + row[5]
        }

        private struct Row: Encodable {
            let name, format, engine, folder: String, commit: String?, bytes: Int, isDefault, isBuiltIn: Bool,
                summary: String?
        }

        private func described(_ models: [ModelStore.Installed]) -> [Row] {
            models.map {
                Row(
                    name: $0.name, format: $0.format, engine: engine(of: $0), folder: $0.path, commit: $0.commit,
                    bytes: $0.bytes, isDefault: $0.isDefault, isBuiltIn: $0.isBuiltIn, summary: $0.summary)
            }
        }
    }

    struct Recommend: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says which model suits this computer.",
            discussion: """
                Measures for a few seconds, as makima doctor does. Qwen3 where it speaks while it computes, in 8 bits or in 4; else \
                Chatterbox-Nano where that does; else makima-mini. Close other programs for a fair answer.
                """)

        @OptionGroup var measuring: MeasuringOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            guard let speed = try measuring.speed(SystemMemory()) else {
                throw Failure("The speed is \(DoctorChecks.unmeasured.detail). End other programs first.")
            }
            let recommended = ModelRecommendation(speed)
            if json { printJSON(recommended) } else { print(recommended.sentence) }
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the folder of a model.")

        @OptionGroup var options: StoreOptions

        @Argument(help: "The model.")
        var name: String

        func run() throws { print(try options.models.resolve(name)) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a model.",
            discussion:
                "Without a format after the name, every format of it. A running service keeps what it has loaded.")

        @OptionGroup var options: StoreOptions

        @Argument(help: "The model.")
        var name: String

        func run() throws {
            for name in try options.models.remove(name) { print("Removed \(name).") }
        }
    }
}
