import Compute
import Glibc
import TestSupport
import Testing

@Suite struct FourierTransformTests {
    /// Primes, powers, products of unlike primes, and the sizes that models use.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 25, 49, 60, 97, 128, 202, 400, 512, 1920])
    func itIsTheSumItStandsFor(_ size: Int) {
        var random = SplitMix(state: UInt64(size))
        let real = (0..<size).map { _ in Double.random(in: -1...1, using: &random) }
        let imaginary = (0..<size).map { _ in Double.random(in: -1...1, using: &random) }
        var (x, y) = (real, imaginary)
        FourierTransform(size: size).apply(&x, &y)
        let roots = (0..<size).map { k in
            let angle = -2 * Double.pi * Double(k) / Double(size)
            return (cos(angle), sin(angle))
        }
        for k in 0..<size {
            var (a, b) = (0.0, 0.0)
            for n in 0..<size {
                let root = roots[k * n % size]
                a += real[n] * root.0 - imaginary[n] * root.1
                b += real[n] * root.1 + imaginary[n] * root.0
            }
            #expect(abs(a - x[k]) + abs(b - y[k]) < 1e-13 * Double(size), "value \(k)")
        }
    }

    /// Every bit: what was prepared with them before is the same voice afterwards.
    @Test(arguments: [2, 16, 1024])
    func powersOfTwoAreSplitInHalves(_ size: Int) {
        var random = SplitMix(state: UInt64(size))
        let real = (0..<size).map { _ in Double.random(in: -1...1, using: &random) }
        let imaginary = (0..<size).map { _ in Double.random(in: -1...1, using: &random) }
        var (x, y) = (real, imaginary)
        FourierTransform(size: size).apply(&x, &y)
        let expected = halves(real, imaginary)
        #expect(x == expected.0)
        #expect(y == expected.1)
    }

    /// By the transforms of the values of even and of odd places.
    private func halves(_ real: [Double], _ imaginary: [Double]) -> ([Double], [Double]) {
        let size = real.count
        guard size > 1 else { return (real, imaginary) }
        func every(_ values: [Double], from first: Int) -> [Double] {
            stride(from: first, to: size, by: 2).map { values[$0] }
        }
        let even = halves(every(real, from: 0), every(imaginary, from: 0))
        let odd = halves(every(real, from: 1), every(imaginary, from: 1))
        var (x, y) = (real, imaginary)
        for k in 0..<size / 2 {
            let angle = 2 * .pi * Double(k) / Double(size)
            let (c, s) = (cos(angle), -sin(angle))
            let (a, b) = (odd.0[k] * c - odd.1[k] * s, odd.0[k] * s + odd.1[k] * c)
            (x[k], y[k]) = (even.0[k] + a, even.1[k] + b)
            (x[k + size / 2], y[k + size / 2]) = (even.0[k] - a, even.1[k] - b)
        }
        return (x, y)
    }
}

@Suite struct MelFiltersTests {
    @Test func aTriangleHasTheAreaOne() {
        let filters = MelFilters(bands: 20, size: 4096, sampleRate: 16000, top: 8000)
        let flat = [Double](repeating: 1, count: 2049)
        for band in 0..<20 { #expect(abs(filters.apply(band, flat) * 16000 / 4096 - 1) < 1e-2) }
    }

    @Test func nothingIsHeardAboveTheTop() {
        let filters = MelFilters(bands: 80, size: 1920, sampleRate: 24000, top: 8000)
        let high = (0...960).map { $0 * 24000 / 1920 < 8000 ? 0.0 : 1.0 }
        for band in 0..<80 { #expect(filters.apply(band, high) == 0) }
    }

    @Test func signalsAreMirroredAtTheirEnds() {
        #expect((-3..<8).map { reflected($0, in: 5) } == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1])
    }
}
