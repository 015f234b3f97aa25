// What is wrong with a file that holds a voice.

package enum VoiceFileError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The archive around the pickle, or an entry of it.
    case badArchive(path: String, reason: String)
    case compressed(path: String, entry: String)
    /// A pickle is a program; this one uses an instruction that values and tensors do not need.
    case forbiddenInstruction(path: String, opcode: UInt8, offset: Int)
    /// It names a function or type that is none of those of tensors.
    case forbiddenGlobal(path: String, name: String)
    case badPickle(path: String, offset: Int, reason: String)
    case missing(path: String, name: String)
    case badTensor(path: String, name: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .tooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes, more than the \(limit) a voice may have"
        case .badArchive(let path, let reason): "\(path) is not a file of torch.save: \(reason)"
        case .compressed(let path, let entry):
            "\(path): \(entry) is compressed, which torch.save never does; save the voice anew with it"
        case .forbiddenInstruction(let path, let opcode, let offset):
            "\(path): the pickle uses opcode \(Self.hexadecimal(opcode)) (byte \(offset)), which no voice needs"
        case .forbiddenGlobal(let path, let name): "\(path): the pickle asks for \(name), which no voice needs"
        case .badPickle(let path, let offset, let reason): "\(path): the pickle is damaged (byte \(offset)): \(reason)"
        case .missing(let path, let name): "\(path) has no \(name)"
        case .badTensor(let path, let name, let reason): "\(path): tensor \(name) \(reason)"
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "0x" + (digits.count == 1 ? "0" : "") + digits
    }
}
