// `FUZZ_PARSER=NAME makima-fuzz [options of libFuzzer] FOLDER`: feeds one parser of outside bytes until it breaks a promise. A parser
// may refuse anything; it may not trap, read where nothing is, take for ever or fill the memory.

import CFuzzer
import Glibc

@main
enum Fuzz {
    private static let parsers: [String: @Sendable ([UInt8]) -> Void] = [
        "clip": parseClip,
        "http": answerRequest,
        "multipart": parseMultipart,
        "safetensors": parseSafetensors,
        "text": parseText,
        "tokenizer": parseTokenizer,
        "toml": parseSettings,
        "websocket": parseFrames,
        "wyoming": parseWyoming,
    ]

    private static let chosen: @Sendable ([UInt8]) -> Void = {
        let name = unsafe getenv("FUZZ_PARSER").map { unsafe String(cString: $0) } ?? ""
        guard let parser = parsers[name] else {
            print("FUZZ_PARSER is one of \(parsers.keys.sorted().joined(separator: ", ")).")
            exit(2)
        }
        return parser
    }()

    static func main() {
        _ = chosen
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv
        exit(
            unsafe LLVMFuzzerRunDriver(&count, &arguments) { data, size in
                Fuzz.chosen(unsafe [UInt8](UnsafeBufferPointer(start: data, count: size)))
                return 0
            })
    }
}
