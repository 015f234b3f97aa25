import Compute
import TestSupport
import Testing

@testable import Quantization
import Speech

/// Values like a layer's weights, with an outlier now and then.
private func weights(_ count: Int, seed: UInt64 = 1) -> [Float] {
    var random = SplitMix(state: seed)
    return (0..<count).map { index in
        let bell = (0..<6).reduce(Float(-3)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
        return bell * (index % 97 == 0 ? 0.2 : 0.02)
    }
}

private func restored(_ codes: [Int8], _ scales: [Float], columns: Int) -> [Float] {
    codes.indices.map { scales[$0 / columns] * Float(codes[$0]) }
}

private func restored(_ encoded: (packed: [UInt8], scales: [UInt16])) -> [Float] {
    (0..<encoded.packed.count * 2).map { (i: Int) -> Float in
        let nibble = encoded.packed[i / 2] >> UInt8(4 * (i % 2)) & 15
        return widen(encoded.scales[i / 32]) * Float(Int(nibble) - 8)
    }
}

private func noise(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }

@Test func int8KeepsTheLargestMagnitudeAndHalfAStep() {
    let values = weights(4 * 96)
    let (codes, scales) = Int8Matrix.quantize(values, columns: 96)
    #expect(scales.count == 4)
    for row in 0..<4 {
        let range = row * 96..<(row + 1) * 96
        #expect(codes[range].map { abs(Int($0)) }.max() == 127)
        #expect(scales[row] == values[range].map(abs).max()! / 127)
    }
    let decoded = restored(codes, scales, columns: 96)
    for i in values.indices { #expect(abs(decoded[i] - values[i]) <= scales[i / 96] * 0.5001) }
}

@Test func int8RowsOfExtremes() {
    let tiny = Float.leastNonzeroMagnitude
    let large = Float.greatestFiniteMagnitude
    for row in [
        [0, 0, 0, 0], [tiny, -tiny, 0, tiny], [large, -large, 1, 0], [9 * tiny, 300 * tiny, -900 * tiny, 0],
    ] {
        let (codes, scales) = Int8Matrix.quantize(row, columns: 4)
        let decoded = restored(codes, scales, columns: 4)
        #expect(decoded.allSatisfy { $0.isFinite })
        #expect(codes.allSatisfy { $0 >= -127 })
        #expect(noise(decoded, row).squareRoot() <= row.map(abs).max()! * 2, "\(row)")
    }
    #expect(Int8Matrix.quantize([0, 0], columns: 2).scales == [1])
}

@Test func roundingIsToNearestEven() {
    #expect([0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 0.49999997].map(nearest) == [0, 2, 2, 0, -2, 126, 0])
    // Halfway between two bfloat16: to the even one; just above: up.
    #expect(bfloat16(Float(bitPattern: 0x3f80_8000)) == 0x3f80)
    #expect(bfloat16(Float(bitPattern: 0x3f81_8000)) == 0x3f82)
    #expect(bfloat16(Float(bitPattern: 0x3f80_8001)) == 0x3f81)
    #expect(!widen(bfloat16(Float.greatestFiniteMagnitude)).isFinite)
}

@Test func int4IsNeverWorseThanPlainRoundingAndMostlyBetter() {
    let values = weights(32 * 500)
    let encoded = Int4Matrix.quantize(values)
    let decoded = restored(encoded)
    var plain: [Float] = []
    for start in stride(from: 0, to: values.count, by: 32) {
        let group = values[start..<start + 32]
        let scale = widen(bfloat16(group.map(abs).max()! / 7))
        let rounded = group.map { scale * max(-8, min(7, nearest($0 / scale))) }
        plain += rounded
        let ours = noise(Array(decoded[start..<start + 32]), Array(group))
        #expect(ours <= noise(rounded, Array(group)) * 1.0001)
    }
    // The search is worth its time: well over half a decibel on such weights.
    #expect(noise(decoded, values) < 0.85 * noise(plain, values))
}

@Test func int4PacksTheFirstOfEightInTheLowestBits() {
    // Multiples of an exact scale are stored exactly: -8…7 twice.
    let values = (0..<32).map { Float($0 % 16 - 8) * 0.25 }
    let encoded = Int4Matrix.quantize(values)
    #expect(restored(encoded) == values)
    #expect(encoded.scales == [bfloat16(0.25)])
    #expect(encoded.packed.prefix(4) == [0x10, 0x32, 0x54, 0x76])
}

@Test func int4GroupsOfExtremes() {
    let tiny = Float.leastNonzeroMagnitude
    for value in [0, tiny, 1000 * tiny, Float.greatestFiniteMagnitude / 4] {
        let group = [Float](repeating: value, count: 31) + [-value]
        let encoded = Int4Matrix.quantize(group)
        let decoded = restored(encoded)
        #expect(decoded.allSatisfy { $0.isFinite && abs($0) <= value * 1.01 }, "\(value)")
    }
}
