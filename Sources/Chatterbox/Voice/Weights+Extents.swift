import Compute
import ModelFile

extension Weights {
    /// The shape of a tensor of `rank` dimensions, none of which is empty.
    func extents(_ name: String, rank: Int) throws(ModelFileError) -> [Int] {
        let tensor = try tensor(name)
        guard tensor.shape.count == rank, tensor.shape.allSatisfy({ $0 > 0 }) else {
            throw .wrongShape(name: tensor.name, expected: [Int](repeating: 1, count: rank), found: tensor.shape)
        }
        return tensor.shape
    }

    /// One more than the largest number behind `stem` in a name; 1 where there is none, so that what is missing is told.
    func count(_ stem: String) -> Int {
        let numbers = names.compactMap { name in
            name.firstRange(of: stem).flatMap { Int(name[$0.upperBound...].prefix { $0.isNumber }.prefix(6)) }
        }
        return numbers.reduce(0, max) + 1
    }
}

extension Rows {
    /// Every element x becomes transform(x).
    func map(_ transform: (Float) -> Float) {
        for row in 0..<rows {
            for column in 0..<columns { self[row, column] = transform(self[row, column]) }
        }
    }

    /// x ← max(0, x); what is no number stays none.
    func rectify() { map { $0 < 0 ? 0 : $0 } }

    /// A copy between rows of zeros.
    func padded(before: Int, after: Int) -> Rows {
        let result = Rows(rows: before + rows + after, columns: columns)
        result[before..<before + rows].copy(from: self)
        return result
    }
}
