// JavaScript cuts strings anywhere, also inside a character that takes two units of UTF-16: JSON then holds the escape of half a
// surrogate pair, which is no text and which a strict reader refuses together with everything around it.
//
// Such halves pass through the reader of JSON as three noncharacters each (U+FDD0 to U+FDEF, which Unicode keeps for uses like
// this one), until they meet their other half or become U+FFFD, the sign of a character that was lost.

import JSONText
import Speech

package enum SurrogateHalves {
    private static let base: UInt32 = 0xFDD0
    private static let lost: Unicode.Scalar = "\u{FFFD}"

    // MARK: - In JSON

    /// JSON in which every escape of half a pair is the marks of that half. Takes what is no JSON as well.
    package static func marked(_ json: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var copied = 0
        var position = 0
        while let escape = json[position...].firstIndex(of: UInt8(ascii: "\\")) {
            guard let unit = unit(json, at: escape) else {
                position = min(escape + 2, json.count)
                continue
            }
            position = escape + 6
            if isHigh(unit), let low = self.unit(json, at: position), isLow(low) {
                position += 6
            } else if isHigh(unit) || isLow(unit) {
                result += json[copied..<escape]
                result += marks(of: unit).utf8
                copied = position
            }
        }
        return copied == 0 ? json : result + json[copied...]
    }

    /// The unit of UTF-16 that is escaped here.
    private static func unit(_ json: [UInt8], at position: Int) -> UInt32? {
        guard position + 6 <= json.count, json[position] == UInt8(ascii: "\\"), json[position + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for byte in json[position + 2..<position + 6] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private static func isHigh(_ unit: UInt32) -> Bool { unit & 0xFC00 == 0xD800 }
    private static func isLow(_ unit: UInt32) -> Bool { unit & 0xFC00 == 0xDC00 }

    private static func marks(of unit: UInt32) -> String {
        String(scalars: [unit >> 10 & 1, unit >> 5 & 31, unit & 31].map { Unicode.Scalar(base + $0)! })
    }

    // MARK: - In text

    /// The text with its halves joined; what stays alone is lost.
    package static func mended(_ text: String) -> String {
        var joiner = Joiner()
        return joiner.join(text, isLast: true)
    }

    /// Joins halves over the pieces of a text.
    package struct Joiner {
        /// The half that the last piece ended with.
        private var high: UInt32?

        package init() {}

        /// - Parameter isLast: nothing follows.
        package mutating func join(_ piece: String, isLast: Bool) -> String {
            let hasMarks = piece.unicodeScalars.contains { isMark($0) }
            guard hasMarks || high != nil else { return piece }
            var result = String.UnicodeScalarView()
            var rest = Array(piece.unicodeScalars)[...]
            while let scalar = rest.first {
                let half = half(at: rest)
                rest = rest.dropFirst(half == nil ? 1 : 3)
                take(half, else: isMark(scalar) ? lost : scalar, into: &result)
            }
            if isLast, high.take() != nil { result.append(lost) }
            return String(result)
        }

        private mutating func take(
            _ half: UInt32?, else scalar: Unicode.Scalar, into text: inout String.UnicodeScalarView
        ) {
            let waiting = high.take()
            if let waiting, let half, isLow(half) {
                text.append(Unicode.Scalar(0x10000 + (waiting & 0x3FF) << 10 + half & 0x3FF)!)
                return
            }
            if waiting != nil { text.append(lost) }
            guard let half else { return text.append(scalar) }
            if isHigh(half) { high = half } else { text.append(lost) }
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= base && scalar.value < base + 32 }

    /// The half whose marks these are.
    private static func half(at scalars: ArraySlice<Unicode.Scalar>) -> UInt32? {
        let marks = scalars.prefix(3).map { $0.value &- base }
        guard marks.count == 3, marks[0] < 2, marks[1] < 32, marks[2] < 32 else { return nil }
        return 0xD800 | marks[0] << 10 | marks[1] << 5 | marks[2]
    }
}

extension JSONValue {
    /// With its texts mended, of JSON whose halves were marked.
    var mended: JSONValue {
        switch self {
        case .text(let text): .text(SurrogateHalves.mended(text))
        case .list(let values): .list(values.map(\.mended))
        case .object(let fields): .object(fields.mapValues(\.mended))
        case .null, .flag, .integer, .number: self
        }
    }
}
