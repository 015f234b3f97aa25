// Reading a tensor piece by piece, so that a file of any size passes through little memory.

import Glibc

extension Tensor {
    /// The file this tensor lies in.
    package var path: String { file.path }

    /// Where its bytes begin in that file.
    package var fileOffset: Int { offset }

    /// Elements `range` widened to float32; only float types.
    package func floats(_ range: Range<Int>) throws(ModelFileError) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements outside \(name)")
        let base = unsafe pointer
        let first = range.lowerBound
        switch type {
        case .f32:
            return unsafe [Float](unsafeUninitializedCapacity: range.count) { values, used in
                for i in 0..<range.count {
                    unsafe values[i] = base.loadUnaligned(fromByteOffset: (first + i) * 4, as: Float.self)
                }
                used = range.count
            }
        case .bf16:
            return unsafe [Float](unsafeUninitializedCapacity: range.count) { values, used in
                for i in 0..<range.count {
                    let bits = unsafe base.loadUnaligned(fromByteOffset: (first + i) * 2, as: UInt16.self)
                    unsafe values[i] = Float(bitPattern: UInt32(bits) << 16)
                }
                used = range.count
            }
        case .f16:
            return range.map { Self.widen(unsafe base.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)) }
        case .i8, .i32, .i64:
            throw .wrongType(name: name, expected: "F32, BF16 or F16", found: type.rawValue)
        }
    }

    /// The stored bytes of elements `range`.
    package func bytes(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements outside \(name)")
        let begin = offset + range.lowerBound * type.size
        return file.bytes(begin..<begin + range.count * type.size)
    }

    /// Tells the system that the pages of elements `range` are not needed for now. What is read again is mapped again.
    package func release(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements outside \(name)")
        file.release(offset + range.lowerBound * type.size..<offset + range.upperBound * type.size)
    }
}

extension MappedFile {
    /// Whole pages inside `range` leave this process's memory; they stay in the page cache.
    package func release(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = (range.lowerBound + page - 1) / page * page
        let end = range.upperBound == count ? (count + page - 1) / page * page : range.upperBound / page * page
        guard begin < end, begin < count else { return }
        let start = unsafe UnsafeMutableRawPointer(mutating: pointer(at: begin, count: 0))
        unsafe madvise(start, end - begin, MADV_DONTNEED)
    }

    /// A hint: a system that has no large pages for files maps small ones, as without it.
    func preferLargePages(_ range: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = range.lowerBound / page * page
        let start = unsafe UnsafeMutableRawPointer(mutating: pointer(at: begin, count: range.upperBound - begin))
        unsafe madvise(start, range.upperBound - begin, MADV_HUGEPAGE)
    }
}
