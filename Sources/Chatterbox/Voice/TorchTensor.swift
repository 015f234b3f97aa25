// What a pickle of torch says about a tensor: numbers of a storage, by strides.

import ModelFile

/// A storage: an entry of the archive with so many numbers of one type.
struct TorchStorage: Equatable {
    let type: ElementType
    let key: String
    let count: Int
}

struct TorchTensor: Equatable {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

extension TorchTensor {
    static let mostDimensions = 8
    /// Of one tensor; the mel of a prompt has 40 000.
    static let mostElements = 1 << 20

    /// Whether every number lies in the storage, and they are not too many.
    var fault: String? {
        guard shape.count == strides.count, shape.count <= Self.mostDimensions, offset >= 0,
            shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
        else { return "has the shape \(shape) by strides \(strides) from \(offset)" }
        var count = 1
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            let (product, isTooMany) = count.multipliedReportingOverflow(by: extent)
            guard !isTooMany, product <= Self.mostElements else { return "is too large: \(shape)" }
            count = product
            let (reach, isTooFar) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, overflows) = last.addingReportingOverflow(reach)
            guard !isTooFar, !overflows else { return "lies outside its storage: \(shape) by strides \(strides)" }
            last = sum
        }
        guard count == 0 || last < storage.count else {
            return "lies outside its storage of \(storage.count): \(shape) by strides \(strides) from \(offset)"
        }
        return nil
    }

    /// Where the numbers are in the storage, in order. The tensor has no fault.
    var places: [Int] {
        var places = [offset]
        for (extent, stride) in zip(shape, strides) {
            places = places.flatMap { start in (0..<extent).map { start + $0 * stride } }
        }
        return places
    }
}
