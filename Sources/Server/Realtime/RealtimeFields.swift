// Fields of a client's event, each known by its path, so that an error names exactly what was wrong.

struct RealtimeFields {
    private let fields: MessageFields
    /// "" for the event itself.
    let path: String

    init(json: String) throws(RealtimeError) {
        do { fields = try MessageFields(json: json) } catch { throw RealtimeError(error) }
        path = ""
    }

    private init(_ fields: MessageFields, _ path: String) {
        self.fields = fields
        self.path = path
    }

    func param(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    private func read<Value>(
        _ name: String, _ get: (MessageFields) throws(SpeakError) -> Value
    ) throws(RealtimeError) -> Value {
        do { return try get(fields) } catch { throw RealtimeError(error, param: param(name)) }
    }

    func string(_ name: String, limit: Int = 200) throws(RealtimeError) -> String? {
        try read(name) { fields throws(SpeakError) in try fields.string(name, limit: limit) }
    }

    /// A string that has to be there.
    func needed(_ name: String, limit: Int = 200) throws(RealtimeError) -> String {
        if let value = try string(name, limit: limit) { return value }
        throw RealtimeError("missing_required_parameter", "\(param(name)) is missing.", param: param(name))
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(RealtimeError) -> Int? {
        try read(name) { fields throws(SpeakError) in try fields.integer(name, range) }
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(RealtimeError) -> Double? {
        try read(name) { fields throws(SpeakError) in try fields.number(name, range) }
    }

    func strings(_ name: String, limit: Int) throws(RealtimeError) -> [String]? {
        try read(name) { fields throws(SpeakError) in try fields.strings(name, limit: limit) }
    }

    /// A voice's name, or `{"id": name}`.
    func voice(_ name: String) throws(RealtimeError) -> String? {
        try read(name) { fields throws(SpeakError) in try fields.voiceName(name) }
    }

    func object(_ name: String) throws(RealtimeError) -> RealtimeFields? {
        let value: MessageFields? = try read(name) { fields throws(SpeakError) in
            try fields.value(name, "an object")
        }
        return value.map { RealtimeFields($0, param(name)) }
    }

    func objects(_ name: String, limit: Int) throws(RealtimeError) -> [RealtimeFields]? {
        let values: [MessageFields]? = try read(name) { fields throws(SpeakError) in
            try fields.value(name, "a list of objects")
        }
        guard let values else { return nil }
        guard values.count <= limit else {
            throw RealtimeError(
                "invalid_value", "\(param(name)) has \(values.count) entries; the limit is \(limit).",
                param: param(name))
        }
        return values.enumerated().map { RealtimeFields($1, "\(param(name))[\($0)]") }
    }

    /// Strings by name, as the client's own notes are.
    func notes(_ name: String) throws(RealtimeError) -> [String: String]? {
        let what = "an object of at most 16 strings: names of 64 characters, values of 512"
        let notes: [String: String]? = try read(name) { fields throws(SpeakError) in try fields.value(name, what) }
        guard let notes else { return nil }
        let fits = notes.allSatisfy { $0.key.unicodeScalars.count <= 64 && $0.value.unicodeScalars.count <= 512 }
        guard fits, notes.count <= 16 else {
            throw RealtimeError("invalid_value", "\(param(name)) must be \(what).", param: param(name))
        }
        return notes.mapValues(SurrogateHalves.mended)
    }

    // MARK: - What is not taken

    /// Why a field is not taken, and the words in it that ask for nothing: those mean what is done anyway.
    struct Refusal {
        var message: String
        var unless: Set<String> = []
    }

    func unsupported(_ name: String, _ message: String) -> RealtimeError { .unsupported(param(name), message) }

    /// Refuses fields that are not in `known`; those in `refused` may be there as long as they ask for nothing, as a session's own
    /// description that is sent back does.
    func check(known: Set<String>, refused: [String: Refusal] = [:]) throws(RealtimeError) {
        // In order, so that the same event is always answered alike.
        for name in fields.names.sorted() where !known.contains(name) {
            guard let refusal = refused[name] else {
                throw RealtimeError("unknown_parameter", "There is no \(param(name)).", param: param(name))
            }
            let value: Wish? = try read(name) { fields throws(SpeakError) in
                try fields.value(name, "of a known kind")
            }
            switch value {
            case nil, .nothing?: break
            case .word(let word)? where refusal.unless.contains(word): break
            case .word?, .something?: throw unsupported(name, refusal.message)
            }
        }
    }

    /// A value of any kind, looked at only for whether it asks for something.
    private enum Wish: Decodable {
        case nothing, something
        case word(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self) {
                self = word.isEmpty ? .nothing : .word(word)
            } else if let list = try? container.decode([Element].self) {
                self = list.isEmpty ? .nothing : .something
            } else {
                self = (try? container.decode(Bool.self)) == false ? .nothing : .something
            }
        }

        /// Whatever stands in a list.
        private struct Element: Decodable {
            init(from decoder: any Decoder) throws {}
        }
    }
}
