import Foundation

extension String {
    /// Normalization Form C. Foundation orders a run of n combining marks in n² steps, so the runs are put in canonical
    /// order first, by a stable sort, which changes nothing in the result.
    var normalizedToNFC: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return self }
        var ordered = String.UnicodeScalarView()
        var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []
        for scalar in unicodeScalars {
            let order = scalar.properties.canonicalCombiningClass.rawValue
            if order != 0 {
                marks.append((order, scalar))
                continue
            }
            ordered.append(contentsOf: marks.sorted { $0.order < $1.order }.map(\.scalar))
            marks.removeAll(keepingCapacity: true)
            ordered.append(scalar)
        }
        ordered.append(contentsOf: marks.sorted { $0.order < $1.order }.map(\.scalar))
        return String(ordered).precomposedStringWithCanonicalMapping
    }
}
