// How long a pause is, as people write it: "1.5s", "500 ms", "strong".

enum PauseMark {
    private static let units: [String: Double] = [
        "": 1, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "ms": 0.001, "msec": 0.001, "m": 60, "min": 60,
        "minutes": 60, "h": 3600, "hours": 3600,
    ]

    /// The strengths of a break in SSML 1.1, which leaves their lengths to the speaker.
    private static let strengths: [String: Double] = [
        "none": 0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1,
    ]

    /// "1.5s", "1,5 s", "500ms"; seconds where no unit stands. At most `SpeechScript.longestPause`. nil: no length.
    static func length(_ text: some StringProtocol) -> Duration? {
        let trimmed = text.trimmingWhitespace()
        let number = trimmed.prefix { ("0"..."9").contains($0) || $0 == "." || $0 == "," }
        let unit = trimmed.dropFirst(number.count).trimmingWhitespace().lowercased()
        guard number.count <= 20, let factor = units[unit],
            let value = Double(String(number.map { $0 == "," ? "." : $0 }))
        else { return nil }
        return .seconds(min(value * factor, SpeechScript.longestPause / .seconds(1)))
    }

    /// The length that the attributes of a `<break>` ask for.
    static func length(of attributes: [String: String]) -> Duration {
        if let time = attributes["time"], let length = length(time) { return length }
        guard let strength = attributes["strength"]?.lowercased(), let seconds = strengths[strength] else {
            return SpeechScript.usualPause
        }
        return .seconds(seconds)
    }

    /// The pause of "[pause:1.5s]", "[pause 2 s]" or "[pause]" that starts at `start`, and where it ends.
    static func mark(_ scalars: [Unicode.Scalar], at start: Int, before end: Int) -> (length: Duration, end: Int)? {
        let body = scalars[(start + 1)..<min(start + 32, end)]
        guard body.count > 5, let close = body.firstIndex(of: "]") else { return nil }
        let content = String(scalars: body[..<close]).lowercased()
        guard content.hasPrefix("pause") else { return nil }
        let rest = content.dropFirst(5)
        guard let separator = rest.first else { return (SpeechScript.usualPause, close + 1) }
        guard ":= ".contains(separator), let length = length(rest.dropFirst()) else { return nil }
        return (length, close + 1)
    }
}
