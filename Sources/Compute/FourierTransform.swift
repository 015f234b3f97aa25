// The discrete Fourier transform in double precision, for spectra of sound.

import Glibc

/// X[k] = Σ x[n] · e^(-2πi·k·n / size), complex, in place, of any size: decimation in time, one pass for each prime factor of the
/// size. A pass of factor p costs p multiplications a value, so sizes of small primes are fast.
package struct FourierTransform: Sendable {
    package let size: Int
    /// Of the roots of unity, 2π·k / size.
    private let cosines: [Double]
    private let sines: [Double]
    /// Factors of the passes, in order.
    private let factors: [Int]
    /// Pairs to exchange, in order, which brings the values in the order of the passes.
    private let exchanges: [(Int, Int)]

    package init(size: Int) {
        precondition(size > 0)
        self.size = size
        cosines = (0..<size).map { cos(2 * .pi * Double($0) / Double(size)) }
        sines = (0..<size).map { -sin(2 * .pi * Double($0) / Double(size)) }
        factors = Self.primeFactors(size)
        exchanges = Self.exchanges(Self.order(size, factors))
    }

    package func apply(_ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(real.count == size && imaginary.count == size)
        for (a, b) in exchanges {
            real.swapAt(a, b)
            imaginary.swapAt(a, b)
        }
        var length = 1
        for factor in factors {
            if factor == 2 {
                combinePairs(length, &real, &imaginary)
            } else {
                combine(factor, length, &real, &imaginary)
            }
            length *= factor
        }
    }

    /// Two transforms of `length` after one another become one of twice the length.
    private func combinePairs(_ length: Int, _ real: inout [Double], _ imaginary: inout [Double]) {
        let step = size / (2 * length)
        for start in stride(from: 0, to: size, by: 2 * length) {
            for k in 0..<length {
                let (a, b) = (start + k, start + k + length)
                let (c, s) = (cosines[k * step], sines[k * step])
                let (x, y) = (real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c)
                (real[b], imaginary[b]) = (real[a] - x, imaginary[a] - y)
                (real[a], imaginary[a]) = (real[a] + x, imaginary[a] + y)
            }
        }
    }

    /// The same for `factor` transforms: value k + j·length of the result is Σ_q part q's value k · root^(q·(k + j·length)).
    private func combine(_ factor: Int, _ length: Int, _ real: inout [Double], _ imaginary: inout [Double]) {
        let step = size / (factor * length)
        var parts = [(Double, Double)](repeating: (0, 0), count: factor)
        for start in stride(from: 0, to: size, by: factor * length) {
            for k in 0..<length {
                for q in 0..<factor { parts[q] = (real[start + k + q * length], imaginary[start + k + q * length]) }
                for j in 0..<factor {
                    let turn = (k + j * length) * step
                    var (x, y) = parts[0]
                    var root = 0
                    for q in 1..<factor {
                        root += turn
                        if root >= size { root -= size }
                        x += parts[q].0 * cosines[root] - parts[q].1 * sines[root]
                        y += parts[q].0 * sines[root] + parts[q].1 * cosines[root]
                    }
                    (real[start + k + j * length], imaginary[start + k + j * length]) = (x, y)
                }
            }
        }
    }

    private static func primeFactors(_ number: Int) -> [Int] {
        var (rest, factors, candidate) = (number, [Int](), 2)
        while rest > 1 {
            if candidate * candidate > rest { candidate = rest }
            if rest % candidate == 0 {
                factors.append(candidate)
                rest /= candidate
            } else {
                candidate += 1
            }
        }
        return factors
    }

    /// Where the value comes from that the first pass wants at each place: the last pass takes part q from every factor-th
    /// value from q on, and so on within each part.
    private static func order(_ size: Int, _ factors: [Int]) -> [Int] {
        (0..<size).map { place in
            var (place, length, source, step) = (place, size, 0, 1)
            for factor in factors.reversed() {
                length /= factor
                source += place / length * step
                place %= length
                step *= factor
            }
            return source
        }
    }

    /// A permutation as exchanges of two places, one after the other.
    private static func exchanges(_ sources: [Int]) -> [(Int, Int)] {
        var exchanges: [(Int, Int)] = []
        for place in sources.indices {
            var source = sources[place]
            // What stood at a place that is done was moved to where that place's own value came from.
            while source < place { source = sources[source] }
            if source != place { exchanges.append((place, source)) }
        }
        return exchanges
    }
}
