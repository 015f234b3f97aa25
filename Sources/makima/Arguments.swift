// What people write and the parser would take for something else: texts that begin with a hyphen, and a flag for each setting.

import FoundationEssentials
import Invocation
import Server

enum Arguments {
    /// The arguments of this process without the program's name, as the parser understands them.
    static var understood: [String] {
        let given = Array(Program.arguments.dropFirst())
        return switch given.first {
        case "say", "words": textsLast(given)
        case "serve": settingsNamed(given)
        default: given
        }
    }

    /// "-5 degrees" is what is to be said: it goes behind `--`, where nothing is an option. A bare number right behind an
    /// option is the option's.
    static func textsLast(_ arguments: [String]) -> [String] {
        var others: [String] = []
        var texts: [String] = []
        let end = arguments.firstIndex(of: "--") ?? arguments.count
        for argument in arguments[..<end] {
            let isValue = Double(argument) != nil && others.last?.hasPrefix("--") == true
            if isText(argument), !isValue { texts.append(argument) } else { others.append(argument) }
        }
        guard !texts.isEmpty else { return arguments }
        return others + ["--"] + texts + arguments[end...].dropFirst()
    }

    /// Begins with a hyphen, but not as an option does.
    private static func isText(_ argument: String) -> Bool {
        let scalars = argument.unicodeScalars.prefix(2)
        guard scalars.count == 2, scalars.first == "-", let second = scalars.last else { return false }
        return second != "-" && !(second.isASCII && second.properties.isAlphabetic)
    }

    /// `--wyoming-port 0` and `--wyoming-port=0` become `--set wyoming-port=0`, for each setting that has no option of its
    /// own. One that is on or off may stand alone.
    static func settingsNamed(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let setting = ServerConfiguration.settings.first(where: { "--\($0.name)" == parts[0] }),
                !Serve.options.contains(setting.name)
            else {
                result.append(argument)
                continue
            }
            var value = parts.count > 1 ? String(parts[1]) : nil
            if value == nil, !setting.isFlag || rest.first.map({ Bool($0) != nil }) == true { value = rest.popFirst() }
            // Without a value the parser says what is missing.
            if value == nil, !setting.isFlag { return result + [argument] }
            result += ["--set", "\(setting.name)=\(value ?? "true")"]
        }
        return result
    }
}

extension ServerConfiguration.Setting {
    /// Is true or false.
    fileprivate var isFlag: Bool {
        if case .flag = read(ServerConfiguration()) { true } else { false }
    }
}
