// A pickle read as data. A pickle is a program that may call whatever it names; this machine knows the few instructions and
// names that dictionaries of tensors are written with, and refuses a pickle that uses any other.

import Files
import ModelFile

/// What a pickle of nested dictionaries of tensors says. All that it builds stands in arrays beside one another, and values are
/// numbers of places in them, so nothing that is nested too deep or refers to itself needs care.
package struct PickleReader {
    enum Value {
        case none
        case flag(Bool)
        case number(Int)
        case real(Double)
        case text(String)
        case global(Global)
        case tuple(Int)
        case dictionary(Int)
        case storage(TorchStorage)
        case tensor(TorchTensor)
    }

    enum Global: Equatable {
        case rebuildTensor
        case orderedDictionary
        case storage(ElementType)
    }

    private static let globals: [String: Global] = [
        "torch._utils._rebuild_tensor_v2": .rebuildTensor,
        "collections.OrderedDict": .orderedDictionary,
        "torch.FloatStorage": .storage(.f32),
        "torch.HalfStorage": .storage(.f16),
        "torch.BFloat16Storage": .storage(.bf16),
        "torch.IntStorage": .storage(.i32),
        "torch.LongStorage": .storage(.i64),
    ]

    private static let mostBytes = 1 << 18
    private static let mostDepth = 4096
    private static let longestText = 1024

    private let path: String
    private var reader: LittleEndianReader
    private var opcodeAt = 0
    private var stack: [Value] = []
    private var marks: [Int] = []
    private var memory: [Int: Value] = [:]
    private var tuples: [[Value]] = []
    private var dictionaries: [[String: Value]] = []
    private var root = 0

    package init(_ bytes: [UInt8], path: String) throws(VoiceFileError) {
        guard bytes.count <= Self.mostBytes else {
            throw .tooLarge(path: path, bytes: bytes.count, limit: Self.mostBytes)
        }
        self.path = path
        reader = LittleEndianReader(bytes, at: 0, to: bytes.count)
        while try step() {}
        guard reader.rest == 0 else { throw damage("something follows its end") }
        guard stack.count == 1, marks.isEmpty, case .dictionary(let root) = stack[0] else {
            throw damage("it is no dictionary")
        }
        self.root = root
    }

    /// What stands under keys of nested dictionaries; nil where one is missing, or holds something else than a dictionary.
    subscript(_ keys: String...) -> Value? {
        var value = Value.dictionary(root)
        for key in keys {
            guard case .dictionary(let index) = value, let next = dictionaries[index][key] else { return nil }
            value = next
        }
        return value
    }
}

// MARK: - Instructions

extension PickleReader {
    /// Carries out one instruction; false at the end.
    private mutating func step() throws(VoiceFileError) -> Bool {
        opcodeAt = reader.at
        let opcode = UInt8(try number(1))
        switch opcode {
        case 0x80: try expectProtocol()
        case UInt8(ascii: "."): return false
        case UInt8(ascii: "("):
            guard marks.count < Self.mostDepth else { throw damage("it is nested too deep") }
            marks.append(stack.count)
        case UInt8(ascii: "N"): try push(.none)
        case 0x88: try push(.flag(true))
        case 0x89: try push(.flag(false))
        case UInt8(ascii: "K"): try push(.number(number(1)))
        case UInt8(ascii: "M"): try push(.number(number(2)))
        case UInt8(ascii: "J"): try push(.number(Int(Int32(truncatingIfNeeded: number(4)))))
        case 0x8a: try push(.number(longNumber()))
        case UInt8(ascii: "G"): try push(.real(realNumber()))
        case UInt8(ascii: "X"): try push(.text(text()))
        case UInt8(ascii: "q"): try remember(number(1))
        case UInt8(ascii: "r"): try remember(number(4))
        case UInt8(ascii: "h"): try recall(number(1))
        case UInt8(ascii: "j"): try recall(number(4))
        case UInt8(ascii: ")"): try pushTuple([])
        case 0x85, 0x86, 0x87: try pushTuple(pop(Int(opcode) - 0x84))
        case UInt8(ascii: "t"): try pushTuple(popToMark())
        case UInt8(ascii: "}"): try pushDictionary()
        case UInt8(ascii: "s"): try setItems(pop(2))
        case UInt8(ascii: "u"): try setItems(popToMark())
        case UInt8(ascii: "c"): try push(.global(global()))
        case UInt8(ascii: "Q"): try push(.storage(storage(pop(1)[0])))
        case UInt8(ascii: "R"): try call()
        default: throw .forbiddenInstruction(path: path, opcode: opcode, offset: opcodeAt)
        }
        return true
    }

    private mutating func expectProtocol() throws(VoiceFileError) {
        let version = try number(1)
        guard opcodeAt == 0, version == 2 else { throw damage("its protocol is \(version) where 2 is expected") }
    }

    private mutating func setItems(_ items: [Value]) throws(VoiceFileError) {
        guard items.count % 2 == 0, case .dictionary(let index) = try top() else {
            throw damage("what is no dictionary is given items")
        }
        for pair in stride(from: 0, to: items.count, by: 2) {
            guard case .text(let key) = items[pair] else { throw damage("a key that is no text") }
            dictionaries[index][key] = items[pair + 1]
        }
    }

    private mutating func call() throws(VoiceFileError) {
        let operands = try pop(2)
        guard case .global(let global) = operands[0], case .tuple(let index) = operands[1] else {
            throw damage("what is no function is called")
        }
        let arguments = tuples[index]
        switch global {
        case .orderedDictionary:
            guard arguments.isEmpty else { throw damage("an ordered dictionary with items") }
            try pushDictionary()
        case .rebuildTensor: try push(.tensor(tensor(arguments)))
        case .storage: throw damage("a storage is called")
        }
    }

    /// Arguments: storage, offset, shape, strides, whether it needs a gradient, hooks.
    private func tensor(_ arguments: [Value]) throws(VoiceFileError) -> TorchTensor {
        guard (6...7).contains(arguments.count), case .storage(let storage) = arguments[0],
            case .number(let offset) = arguments[1], let shape = numbers(arguments[2]),
            let strides = numbers(arguments[3])
        else { throw damage("a tensor with other arguments than torch writes") }
        return TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)
    }

    /// A tuple of the word "storage", its type, the entry that holds it, the device it was on, and how many numbers it has.
    private func storage(_ value: Value) throws(VoiceFileError) -> TorchStorage {
        guard case .tuple(let index) = value, tuples[index].count == 5, case .text("storage") = tuples[index][0],
            case .global(.storage(let type)) = tuples[index][1], case .text(let key) = tuples[index][2],
            case .text = tuples[index][3], case .number(let count) = tuples[index][4], count >= 0
        else { throw damage("what it refers to is no storage") }
        return TorchStorage(type: type, key: key, count: count)
    }

    private func numbers(_ value: Value) -> [Int]? {
        guard case .tuple(let index) = value, tuples[index].count <= TorchTensor.mostDimensions else { return nil }
        var numbers: [Int] = []
        for value in tuples[index] {
            guard case .number(let number) = value else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private mutating func global() throws(VoiceFileError) -> Global {
        let name = try line() + "." + line()
        guard let global = Self.globals[name] else { throw .forbiddenGlobal(path: path, name: name) }
        return global
    }
}

// MARK: - Stack and operands

extension PickleReader {
    private mutating func push(_ value: Value) throws(VoiceFileError) {
        guard stack.count < Self.mostDepth else { throw damage("it keeps too many values at once") }
        stack.append(value)
    }

    private mutating func pushTuple(_ values: [Value]) throws(VoiceFileError) {
        tuples.append(values)
        try push(.tuple(tuples.count - 1))
    }

    private mutating func pushDictionary() throws(VoiceFileError) {
        dictionaries.append([:])
        try push(.dictionary(dictionaries.count - 1))
    }

    private func top() throws(VoiceFileError) -> Value {
        guard stack.count > marks.last ?? 0 else { throw damage("a value is missing") }
        return stack[stack.count - 1]
    }

    /// The last values, of those since the last mark.
    private mutating func pop(_ count: Int) throws(VoiceFileError) -> [Value] {
        guard stack.count - (marks.last ?? 0) >= count else { throw damage("a value is missing") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(VoiceFileError) -> [Value] {
        guard let mark = marks.last else { throw damage("a mark is missing") }
        let values = try pop(stack.count - mark)
        marks.removeLast()
        return values
    }

    private mutating func remember(_ index: Int) throws(VoiceFileError) { memory[index] = try top() }

    private mutating func recall(_ index: Int) throws(VoiceFileError) {
        guard let value = memory[index] else { throw damage("nothing was stored under \(index)") }
        try push(value)
    }

    private mutating func number(_ bytes: Int) throws(VoiceFileError) -> Int {
        guard let number = reader.number(bytes) else { throw damage("it is cut off") }
        return number
    }

    /// Two's complement of up to eight bytes.
    private mutating func longNumber() throws(VoiceFileError) -> Int {
        let count = try number(1)
        guard count <= 8, let bytes = reader.bytes(count) else { throw damage("a number is too large, or cut off") }
        let isNegative = (bytes.last ?? 0) & 0x80 != 0
        return Int(bytes.reversed().reduce(isNegative ? Int64(-1) : 0) { $0 << 8 | Int64($1) })
    }

    /// The only number with its highest byte first.
    private mutating func realNumber() throws(VoiceFileError) -> Double {
        guard let bytes = reader.bytes(8) else { throw damage("a number is cut off") }
        return Double(bitPattern: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    private mutating func text() throws(VoiceFileError) -> String {
        let count = try number(4)
        guard count <= Self.longestText else { throw damage("a text of \(count) bytes") }
        guard let bytes = reader.bytes(count), let text = String(validating: bytes, as: UTF8.self) else {
            throw damage("a text is cut off, or no UTF-8")
        }
        return text
    }

    /// A name, which ends with a line break.
    private mutating func line() throws(VoiceFileError) -> String {
        var bytes: [UInt8] = []
        while let byte = reader.number(1), bytes.count <= Self.longestText {
            if byte == 10, let name = String(validating: bytes, as: UTF8.self) { return name }
            bytes.append(UInt8(byte))
        }
        throw damage("a name has no end")
    }

    private func damage(_ reason: String) -> VoiceFileError { .badPickle(path: path, offset: opcodeAt, reason: reason) }
}
