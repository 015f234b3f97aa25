// `FUZZ_PARSER=NAME makima-fuzz [options of libFuzzer] FOLDER`: feeds one parser of outside bytes until it breaks a promise.

import FuzzedParsers
import Glibc

private let chosen: FuzzedParser = {
    let name = unsafe getenv("FUZZ_PARSER").map { unsafe String(cString: $0) } ?? ""
    guard let parser = FuzzedParser(rawValue: name) else {
        print("FUZZ_PARSER is one of \(FuzzedParser.allCases.map(\.rawValue).joined(separator: ", ")).")
        exit(2)
    }
    return parser
}()

/// What libFuzzer, which has the program's main, calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
func parse(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    chosen.feed(unsafe [UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}
