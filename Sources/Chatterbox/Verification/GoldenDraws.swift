// The random numbers of the goldens, made anew: NumPy's `Generator(Philox(key)).standard_normal` and `uniform`, with a key from
// the SHA-256 of a tag. Philox4x64-10 is of Salmon, Moraes, Dror and Shaw, the ziggurat of Marsaglia and Tsang.

import Crypto
import FoundationEssentials
import Glibc

struct GoldenDraws {
    private var philox: Philox

    init(tag: String) {
        let digest = Self.digest(tag)
        philox = Philox(key: (Self.word(digest[..<8]), Self.word(digest[8..<16])))
    }

    static func digest(_ tag: String) -> [UInt8] { Array(SHA256.hash(data: Data(tag.utf8))) }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func normals(_ count: Int) -> [Float] { (0..<count).map { _ in Float(normal()) } }

    mutating func uniforms(_ count: Int, in range: Range<Double>) -> [Float] {
        (0..<count).map { _ in
            Float(range.lowerBound + (range.upperBound - range.lowerBound) * uniform())
        }
    }

    private mutating func uniform() -> Double { Double(philox.next() >> 11) * 0x1p-53 }

    private mutating func normal() -> Double {
        let ziggurat = Ziggurat.shared
        while true {
            let bits = philox.next()
            let layer = Int(bits & 0xFF)
            let magnitude = bits >> 9 & 0xF_FFFF_FFFF_FFFF
            let x = Double(magnitude) * ziggurat.widths[layer] * (bits >> 8 & 1 == 1 ? -1 : 1)
            if magnitude < ziggurat.limits[layer] { return x }
            if layer == 0 { return tail(isNegative: magnitude >> 8 & 1 == 1) }
            let (above, below) = (ziggurat.heights[layer - 1], ziggurat.heights[layer])
            if (above - below) * uniform() + below < exp(-0.5 * x * x) { return x }
        }
    }

    /// Beyond the lowest layer.
    private mutating func tail(isNegative: Bool) -> Double {
        while true {
            let beyond = -log1p(-uniform()) / Ziggurat.edge
            let y = -log1p(-uniform())
            if y + y > beyond * beyond { return isNegative ? -(Ziggurat.edge + beyond) : Ziggurat.edge + beyond }
        }
    }
}

/// 256 layers of equal area under the bell.
private struct Ziggurat {
    static let shared = Ziggurat()
    /// Where the lowest layer ends and the tail begins.
    static let edge = 3.654_152_885_361_008_8
    private static let scale = 0x1p52

    /// Below which magnitude a point is inside for sure; what a magnitude is multiplied by; the density at the end of a layer.
    private(set) var limits = [UInt64](repeating: 0, count: 256)
    private(set) var widths = [Double](repeating: 0, count: 256)
    private(set) var heights = [Double](repeating: 1, count: 256)

    private init() {
        let density = { (x: Double) in exp(-0.5 * x * x) }
        var x = Self.edge
        let area = x * density(x) + (Double.pi / 2).squareRoot() * erfc(x / 2.0.squareRoot())
        let base = area / density(x)
        limits[0] = UInt64(x / base * Self.scale)
        widths[0] = base / Self.scale
        (widths[255], heights[255]) = (x / Self.scale, density(x))
        for layer in (1..<255).reversed() {
            let outer = x
            x = (-2 * log(area / x + density(x))).squareRoot()
            limits[layer + 1] = UInt64(x / outer * Self.scale)
            (widths[layer], heights[layer]) = (x / Self.scale, density(x))
        }
    }
}

/// Four words of 64 bits for each value of a counter.
private struct Philox {
    private let key: (UInt64, UInt64)
    private var counter: UInt64 = 0
    private var words: [UInt64] = []

    init(key: (UInt64, UInt64)) { self.key = key }

    mutating func next() -> UInt64 {
        if words.isEmpty {
            counter += 1
            words = block().reversed()
        }
        return words.removeLast()
    }

    private func block() -> [UInt64] {
        var (a, b, c, d) = (counter, 0 as UInt64, 0 as UInt64, 0 as UInt64)
        var (first, second) = key
        for _ in 0..<10 {
            let low = (0xD2E7_470E_E14C_6C93 as UInt64).multipliedFullWidth(by: a)
            let high = (0xCA5A_8263_9512_1157 as UInt64).multipliedFullWidth(by: c)
            (a, b, c, d) = (high.high ^ b ^ first, high.low, low.high ^ d ^ second, low.low)
            first &+= 0x9E37_79B9_7F4A_7C15
            second &+= 0xBB67_AE85_84CA_A73B
        }
        return [a, b, c, d]
    }
}
