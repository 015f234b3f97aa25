// What a voice's folder says about it: `metadata.json`.

import Audio
import FoundationEssentials

/// The name of a voice's folder: small letters, digits and hyphens, at most 64.
package struct VoiceID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.first != "-",
            text.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else { return nil }
        description = text
    }

    /// "Frau Müller (2)" → "frau-m-ller-2"; a name without any usable letter gives "voice".
    package init(naming name: String) {
        var slug = ""
        for scalar in name.lowercased().unicodeScalars.prefix(200) {
            let isUsable = (97...122).contains(scalar.value) || (48...57).contains(scalar.value)
            if isUsable { slug.unicodeScalars.append(scalar) } else if !slug.isEmpty && slug.last != "-" { slug += "-" }
        }
        while slug.last == "-" { slug.removeLast() }
        slug = String(slug.prefix(48))
        while slug.last == "-" { slug.removeLast() }
        description = slug.isEmpty ? "voice" : slug
    }
}

package struct VoiceMetadata: Sendable, Equatable, Codable {
    package enum Mode: String, Sendable, Codable {
        /// The speaker's embedding alone.
        case speakerOnly = "x-vector"
        /// The embedding, and the clip's codes with its transcript.
        case inContext = "icl"
    }

    package var id: String
    package var name: String
    package var language: String
    package var description: String
    package var mode: Mode
    package var synthetic: Bool?
    /// Who agreed to the use of their voice, and how it is known.
    package var consent: String?
    package var source: String?
    package var license: String?
    /// Decibels by which this voice is louder than the others are.
    package var gain: Double?
    /// How fast this voice speaks to those who name no speed.
    package var speed: Double?

    package static let gains = -20.0...20.0

    package init(id: VoiceID, name: String, language: String, description: String, mode: Mode, consent: String?) {
        self.id = id.description
        self.name = name
        self.language = language
        self.description = description
        self.mode = mode
        self.consent = consent
    }

    private enum Key: String, CodingKey {
        case id, name, language, description, mode, synthetic, consent, source, license, gain, speed
    }

    /// Everything may be missing in a folder made by hand: the decoder's `userInfo` knows the folder's name.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let folder = decoder.userInfo[.voiceFolder] as? String ?? ""
        id = folder
        name = try fields.decodeIfPresent(String.self, forKey: .name) ?? folder
        language = try fields.decodeIfPresent(String.self, forKey: .language) ?? "auto"
        description = try fields.decodeIfPresent(String.self, forKey: .description) ?? ""
        mode = try fields.decodeIfPresent(Mode.self, forKey: .mode) ?? .speakerOnly
        synthetic = try fields.decodeIfPresent(Bool.self, forKey: .synthetic)
        consent = try fields.decodeIfPresent(String.self, forKey: .consent)
        source = try fields.decodeIfPresent(String.self, forKey: .source)
        license = try fields.decodeIfPresent(String.self, forKey: .license)
        gain = try Self.number(fields, .gain, Self.gains)
        speed = try Self.number(fields, .speed, TimeStretch.speeds)
    }
}

extension VoiceMetadata {
    private static func number(
        _ fields: KeyedDecodingContainer<Key>, _ key: Key, _ range: ClosedRange<Double>
    ) throws -> Double? {
        guard let number = try fields.decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard range.contains(number) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: fields, debugDescription: "not from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

extension CodingUserInfoKey {
    /// The name of the folder that holds the metadata.
    static let voiceFolder = CodingUserInfoKey(rawValue: "voiceFolder")!
}
