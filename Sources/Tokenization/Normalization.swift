// Of the standard library's own tables; Foundation's would bring 45 MB of locale data into the program for this one call.
@_spi(_Unicode) import Swift

extension String {
    /// Normalization Form C. The library orders a run of n combining marks in n² steps, so the runs are put in canonical
    /// order first, by a stable sort, which changes nothing in the result.
    var normalizedToNFC: String {
        if utf8.allSatisfy({ $0 < 0x80 }) { return self }
        var ordered: [Unicode.Scalar] = []
        var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []
        func flushMarks() {
            if marks.isEmpty { return }
            for mark in marks.sorted(by: { $0.order < $1.order }) { ordered.append(mark.scalar) }
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in unicodeScalars {
            let order = scalar.properties.canonicalCombiningClass.rawValue
            if order != 0 {
                marks.append((order, scalar))
            } else {
                flushMarks()
                ordered.append(scalar)
            }
        }
        flushMarks()
        var view = String.UnicodeScalarView()
        view.append(contentsOf: ordered)
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: String(view)._nfc)
        return String(composed)
    }
}
