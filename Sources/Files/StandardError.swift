import Glibc

/// A line for the person, not for the next program.
package func printError(_ line: String) { writeError(line + "\n") }

/// Text on standard error as it is, unbuffered. What cannot be written there is lost: there is nobody to tell.
package func writeError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
