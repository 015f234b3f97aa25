// Errors that are fed on, against plain rounding, against a plain definition and against GPTQ as its paper says it.

import Compute
import TestSupport
import Testing

@testable import Quantization
import Speech

/// Numbers of a bell, and rows that share some directions.
private struct Numbers {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(state: seed) }

    mutating func bell(_ count: Int) -> [Float] {
        (0..<count).map { _ in (0..<6).reduce(Float(-3)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) } }
    }

    /// [count, columns], of which most lies in `rank` directions.
    mutating func correlated(_ count: Int, columns: Int, rank: Int = 8) -> [[Float]] {
        let directions = (0..<rank).map { _ in bell(columns) }
        return (0..<count).map { _ in
            var row = bell(columns).map { 0.3 * $0 }
            for (share, direction) in zip(bell(rank), directions) {
                for i in row.indices { row[i] += share * direction[i] }
            }
            return row.map { widen(bfloat16($0)) }
        }
    }
}

private let one = WorkerPool(threads: 1)

private func inputs(_ rows: [[Float]]) -> MatrixInputs {
    var inputs = MatrixInputs(columns: rows[0].count, stream: 1)
    let isSeen = inputs.see(Rows(rows.flatMap { $0 }, columns: rows[0].count))
    #expect(isSeen)
    return inputs
}

private func restored(_ encoded: (packed: [UInt8], scales: [UInt16])) -> [Float] {
    encoded.packed.indices.flatMap { byte -> [Float] in
        let scale = widen(encoded.scales[byte / 16])
        return [encoded.packed[byte] & 15, encoded.packed[byte] >> 4].map { scale * Float(Int($0) - 8) }
    }
}

/// ‖X·(W - Q)ᵀ‖²
private func outputNoise(_ x: [[Float]], _ w: [Float], _ q: [Float]) -> Double {
    let columns = x[0].count
    return stride(from: 0, to: w.count, by: columns).reduce(0) { sum, row in
        sum
            + x.reduce(0) { sum, x in
                let error = (0..<columns).reduce(0) { $0 + Double(x[$1]) * Double(w[row + $1] - q[row + $1]) }
                return sum + error * error
            }
    }
}

@Test(arguments: [0.002, 0.01, 0.05])
func errorsFedOnSpoilTheOutputsLessThanPlainRounding(damping: Double) throws {
    var numbers = Numbers(seed: 3)
    // Half of them are seen.
    let (x, w) = (numbers.correlated(200, columns: 96), numbers.bell(24 * 96))
    let feedback = try #require(ErrorFeedback(inputs(Array(x[..<100])), damping: damping, on: one))
    let (led, plain) = (restored(feedback.int4(w)), restored(Int4Matrix.quantize(w)))
    #expect(outputNoise(Array(x[..<100]), w, led) < 0.3 * outputNoise(Array(x[..<100]), w, plain))
    #expect(outputNoise(Array(x[100...]), w, led) < 0.3 * outputNoise(Array(x[100...]), w, plain))
}

/// A few inputs have much in common by chance, which is not to be paid for with inputs that nobody saw.
@Test func fewInputsLeadLittle() throws {
    var numbers = Numbers(seed: 9)
    let (x, w) = (numbers.correlated(240, columns: 96, rank: 0), numbers.bell(24 * 96))
    let feedback = try #require(ErrorFeedback(inputs(Array(x[..<40])), on: one))
    let (led, plain) = (restored(feedback.int4(w)), restored(Int4Matrix.quantize(w)))
    #expect(outputNoise(Array(x[40...]), w, led) < 1.1 * outputNoise(Array(x[40...]), w, plain))
}

/// Step by step as `error_feedback.h` has it, with nothing else in mind.
private func definition(_ x: MatrixInputs, _ w: [Float], damping: Double) -> (packed: [UInt8], scales: [UInt16]) {
    let (columns, n, group) = (x.columns, (x.count + 15) / 16 * 16, 32)
    let flat = x.columnwise(padded: n)
    let vectors = (0..<columns).map { Array(flat[$0 * n..<($0 + 1) * n]) }
    // The last column is the first here.
    var lower = vectors.map { x in vectors.map { Double(dot(x, $0)) } }
    let added = shrinkage(lower, inputs: x.count, least: damping)
    for i in 0..<columns {
        for j in 0...i {
            let rest = lower[i][j] - dot(lower[i], lower[j], j)
            lower[i][j] = i == j ? (max(rest, 0) + added).squareRoot() : rest / lower[j][j]
        }
    }
    func step(_ k: Int, _ i: Int) -> Float {
        i < k ? Float(lower[columns - 1 - i][columns - 1 - k] / lower[columns - 1 - k][columns - 1 - k]) : 0
    }
    let steps = (0..<columns).map { k in (0..<columns).map { step(k, $0) } }
    var (packed, scales): ([UInt8], [UInt16]) = ([], [])
    for row in stride(from: 0, to: w.count, by: columns) {
        var errors = [Float](repeating: 0, count: columns)
        for first in stride(from: 0, to: columns, by: group) {
            let columns = first..<first + group
            let owed = columns.map { dot(Array(steps[$0][..<first]), Array(errors[..<first])) }
            func asked(_ k: Int, _ errors: [Float]) -> Float {
                owed[k - first] + dot(Array(steps[k][columns]), Array(errors[columns]))
            }
            var free = errors
            for k in columns { free[k] = -asked(k, free) }
            let scale = Int4Matrix.quantize(columns.map { w[row + $0] + free[$0] }).scales[0]
            let codes = columns.map { k in
                let stand = w[row + k] - asked(k, errors)
                let code = nearest(max(-8, min(7, stand * (1 / widen(scale)))))
                errors[k] = code * widen(scale) - w[row + k]
                return UInt8(Int(code) + 8)
            }
            scales.append(scale)
            packed += stride(from: 0, to: group, by: 2).map { codes[$0] | codes[$0 + 1] << 4 }
        }
    }
    return (packed, scales)
}

/// ρ / (1 - ρ) of the mean square, ρ as the paper has it.
private func shrinkage(_ moments: [[Double]], inputs: Int, least: Double) -> Double {
    var (trace, squares) = (0.0, 0.0)
    let p = Double(moments.count)
    for i in moments.indices {
        for j in 0..<i { squares += 2 * moments[i][j] * moments[i][j] }
        trace += moments[i][i]
        squares += moments[i][i] * moments[i][i]
    }
    let above = (1 - 2 / p) * squares + trace * trace
    let below = (Double(inputs) + 1 - 2 / p) * (squares - trace * trace / p)
    return max(above / (below - above), least) * trace / p
}

/// Sixteen sums, then halves of them together.
private func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sums = [Float](repeating: 0, count: 16)
    for i in a.indices { sums[i % 16] += a[i] * b[i] }
    for half in [8, 4, 2, 1] { for i in 0..<half { sums[i] += sums[i + half] } }
    return sums[0]
}

/// Eight sums of the first `n`, of which the last few are added one by one.
private func dot(_ a: [Double], _ b: [Double], _ n: Int) -> Double {
    var sums = [Double](repeating: 0, count: 8)
    for i in 0..<n / 8 * 8 { sums[i % 8] += a[i] * b[i] }
    let sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
    return (n / 8 * 8..<n).reduce(sum) { $0 + a[$1] * b[$1] }
}

@Test(arguments: [(32, 1, 1), (45, 19, 3)])
func itIsItsDefinitionBitForBit(rows: Int, weights: Int, threads: Int) throws {
    var numbers = Numbers(seed: 4)
    // More columns than are factored together.
    let x = inputs(numbers.correlated(rows, columns: 96))
    let w = numbers.bell(weights * 96)
    let encoded = try #require(ErrorFeedback(x, damping: 0.01, on: WorkerPool(threads: threads))).int4(w)
    let expected = definition(x, w, damping: 0.01)
    #expect(encoded.scales == expected.scales && encoded.packed == expected.packed)
}

/// GPTQ on H = XᵀX + damping: after each column the weights behind it move by its row of H⁻¹, from which the column then goes.
private func gptq(_ x: [[Float]], _ w: [Float], damping: Double) -> [Float] {
    let columns = x[0].count
    var h = (0..<columns).map { i in
        (0..<columns).map { j in x.reduce(0.0) { $0 + Double($1[i]) * Double($1[j]) } }
    }
    let mean = (0..<columns).reduce(0) { $0 + h[$1][$1] } / Double(columns)
    for i in 0..<columns { h[i][i] += damping * mean }
    // Gauss and Jordan, in place.
    for i in 0..<columns {
        let pivot = 1 / h[i][i]
        h[i][i] = 1
        for j in 0..<columns { h[i][j] *= pivot }
        for k in 0..<columns where k != i {
            let factor = h[k][i]
            h[k][i] = 0
            for j in 0..<columns { h[k][j] -= factor * h[i][j] }
        }
    }
    var (w, scales) = (w.map(Double.init), [Double](repeating: 0, count: w.count / columns))
    for i in 0..<columns {
        for row in scales.indices {
            let first = row * columns
            if i % 32 == 0 {
                scales[row] = Double(
                    widen(Int4Matrix.quantize(w[first + i..<first + i + 32].map { Float($0) }).scales[0]))
            }
            let rounded = max(-8, min(7, (w[first + i] / scales[row]).rounded(.toNearestOrEven))) * scales[row]
            let error = (w[first + i] - rounded) / h[i][i]
            w[first + i] = rounded
            for j in i + 1..<max(i + 1, columns) { w[first + j] -= error * h[i][j] }
        }
        for k in i + 1..<max(i + 1, columns) {
            let factor = h[k][i] / h[i][i]
            for j in i + 1..<columns { h[k][j] -= factor * h[i][j] }
        }
    }
    return w.map { Float($0) }
}

@Test func itIsWhatGPTQDoesWithSecondMoments() throws {
    var numbers = Numbers(seed: 5)
    let (x, w) = (numbers.correlated(70, columns: 64), numbers.bell(16 * 64))
    // More than what is added of itself.
    let ours = restored(try #require(ErrorFeedback(inputs(x), damping: 0.5, on: one)).int4(w))
    let theirs = gptq(x, w, damping: 0.5)
    // One code that falls the other way at the least difference moves those behind it.
    let equal = zip(ours, theirs).count { abs($0 - $1) < 1e-5 }
    #expect(equal > w.count * 9 / 10, "\(equal) of \(w.count)")
    let (a, b) = (outputNoise(x, w, ours), outputNoise(x, w, theirs))
    #expect(abs(a - b) < 0.1 * b, "\(a) \(b)")
}

@Test func columnsThatNothingConnectsAreRoundedByThemselves() throws {
    var numbers = Numbers(seed: 6)
    let w = numbers.bell(5 * 64)
    // Each input is of one column.
    let apart = (0..<64).map { row in (0..<64).map { $0 == row ? Float(1 + row % 5) : 0 } }
    let plain = Int4Matrix.quantize(w)
    let encoded = try #require(ErrorFeedback(inputs(apart), on: one)).int4(w)
    #expect(encoded.packed == plain.packed && encoded.scales == plain.scales)
    // Nor does anything move where damping is all there is.
    let held = try #require(ErrorFeedback(inputs(numbers.correlated(40, columns: 64)), damping: 1e12, on: one)).int4(w)
    #expect(held.packed == plain.packed && held.scales == plain.scales)
}

@Test func weightsAndInputsOfExtremes() throws {
    var numbers = Numbers(seed: 7)
    let large = Float.greatestFiniteMagnitude / 4
    for scale: Float in [1e-38, 1, 1e36] {
        let feedback = try #require(
            ErrorFeedback(inputs(numbers.correlated(64, columns: 64).map { $0.map { $0 * scale } }), on: one))
        for size: Float in [.leastNonzeroMagnitude, 1e-38, 1, large] {
            let w = numbers.bell(3 * 64).map { $0 / 3 * size }
            #expect(restored(feedback.int4(w)).allSatisfy { $0.isFinite }, "\(scale) \(size)")
        }
        #expect(restored(feedback.int4([Float](repeating: 0, count: 64))).allSatisfy { $0 == 0 })
    }
}

@Test func tooLittleLeadsNothing() {
    var numbers = Numbers(seed: 8)
    #expect(ErrorFeedback(inputs(numbers.correlated(31, columns: 32)), on: one) == nil)
    #expect(ErrorFeedback(inputs(numbers.correlated(32, columns: 32)), on: one) != nil)
    #expect(ErrorFeedback(inputs([[Float]](repeating: [Float](repeating: 0, count: 32), count: 40)), on: one) == nil)
}

@Test func everyInputHasTheSameChanceToBeKept() {
    /// Numbers of the inputs that are kept of 0…, which come in pieces.
    func kept(_ pieces: [Int]) -> [Int] {
        var (inputs, next) = (MatrixInputs(columns: 3, stream: 1), 0)
        for piece in pieces {
            // The last column is the largest, which becomes 1.
            let rows = (next..<next + piece).flatMap { [Float($0 / 64), Float($0 % 64), 64] as [Float] }
            let isSeen = inputs.see(Rows(rows, columns: 3))
            #expect(isSeen)
            next += piece
        }
        let (values, count) = (inputs.columnwise(padded: inputs.count), inputs.count)
        // Columns come last one first.
        return (0..<count).map { Int(64 * (64 * values[2 * count + $0] + values[count + $0])) }
    }
    #expect(kept([100, 100]) == Array(0..<200))
    let all = kept([1, 3000, 999])
    #expect(all.count == MatrixInputs.most && Set(all).count == all.count)
    #expect(all == kept([4000]))
    #expect((900...1148).contains(all.count { $0 >= 2000 }))
}

@Test(arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude])
func inputsThatAreNoNumbersAreRefused(value: Float) {
    var inputs = MatrixInputs(columns: 2, stream: 1)
    let first = inputs.see(Rows([1, 2], columns: 2))
    let second = inputs.see(Rows([1, value], columns: 2))
    #expect(first && !second)
}
