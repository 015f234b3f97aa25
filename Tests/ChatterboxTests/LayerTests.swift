import Compute
import Glibc
import ModelFile
import TestSupport
import Testing

@testable import Chatterbox

@Suite struct LayerTests {
    private func noise(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 1) -> Rows {
        let result = Rows(rows: rows, columns: columns)
        for row in 0..<rows {
            SeededNoise(seed: seed).flow(row, isPrompt: false, into: result[row])
            for column in 0..<columns { result[row, column] *= scale }
        }
        return result
    }

    /// Attention as its definition says, in double precision.
    private func attend(
        _ heads: Int, _ q: Rows, _ k: Rows, _ v: Rows, _ relative: RelativePositions?
    ) -> [Double] {
        let (count, dim) = (q.rows, q.columns / heads)
        var out = [Double](repeating: 0, count: count * q.columns)
        for head in 0..<heads {
            for i in 0..<count {
                var weights: [Double] = []
                for j in 0..<count {
                    var score = 0.0
                    for c in 0..<dim {
                        let column = head * dim + c
                        let query = Double(q[i, column])
                        score += (query + Double(relative?.keyBias[head, c] ?? 0)) * Double(k[j, column])
                        if let relative {
                            let far = Double(relative.table[count - 1 - (i - j), column])
                            score += (query + Double(relative.positionBias[head, c])) * far
                        }
                    }
                    weights.append(exp(score / Double(dim).squareRoot()))
                }
                let sum = weights.reduce(0, +)
                for c in 0..<dim {
                    let column = head * dim + c
                    for j in 0..<count {
                        out[i * q.columns + column] += weights[j] / sum * Double(v[j, column])
                    }
                }
            }
        }
        return out
    }

    @Test(arguments: [(1, 1, 8), (2, 3, 5), (3, 24, 16), (2, 25, 24), (1, 97, 33)], [false, true])
    func attentionIsWhatItsDefinitionSays(_ size: (heads: Int, count: Int, dim: Int), isRelative: Bool) throws {
        let width = size.heads * size.dim
        // Queries, keys and values beside one another.
        let all = noise(size.count, 3 * width, seed: 1, scale: 0.7)
        let (q, k) = (all.columns(0..<width), all.columns(width..<2 * width))
        let v = all.columns(2 * width..<3 * width)
        let relative = RelativePositions(
            table: noise(2 * size.count - 1, width, seed: 2, scale: 0.7),
            keyBias: noise(size.heads, size.dim, seed: 3), positionBias: noise(size.heads, size.dim, seed: 4))
        let expected = attend(size.heads, q, k, v, isRelative ? relative : nil)
        for (kernels, threads) in Kernels.available.flatMap({ [($0, 1), ($0, 3)] }) {
            let out = Rows(rows: size.count, columns: width)
            FullAttention(heads: size.heads, dimension: size.dim).apply(
                queries: q, keys: k, values: v, relative: isRelative ? relative : nil, into: out,
                on: Processor(kernels: kernels, threads: threads))
            let error = zip(out.values, expected).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
            #expect(error < 5e-6, "\(kernels.name) on \(threads)")
        }
    }

    /// Keys and values may come in parts, and positions may reach farther than they need to: the last queries get the same.
    @Test(arguments: [[7, 1], [30, 25, 24], [1, 2, 3, 64]], [false, true])
    func attentionOverPartsIsThatOverAll(_ lengths: [Int], isRelative: Bool) throws {
        let (heads, dim) = (2, 20)
        let (count, last, width) = (lengths.reduce(0, +), lengths[lengths.count - 1], heads * dim)
        let (q, k) = (noise(count, width, seed: 1), noise(count, width, seed: 2))
        let v = noise(count, width, seed: 3)
        let (core, processor) = (FullAttention(heads: heads, dimension: dim), Processor(threads: 2))
        func relative(_ reach: Int) -> RelativePositions {
            // The same row for a distance, whatever the reach.
            let table = Rows(rows: 2 * reach - 1, columns: width)
            for row in 0..<table.rows {
                SeededNoise(seed: 4).flow(500 + reach - 1 - row, isPrompt: false, into: table[row])
            }
            return RelativePositions(
                table: table, keyBias: noise(heads, dim, seed: 5), positionBias: noise(heads, dim, seed: 6))
        }
        let expected = attend(heads, q, k, v, isRelative ? relative(count) : nil).suffix(last * width)
        var (parts, first): ([AttendedRows], Int) = ([], 0)
        for length in lengths {
            let rows = first..<first + length
            parts.append(core.pack(keys: k[rows], values: v[rows], on: processor))
            first += length
        }
        let out = Rows(rows: last, columns: width)
        core.apply(
            queries: q[count - last..<count], over: parts,
            positions: isRelative ? core.pack(relative(count + 40), on: processor) : nil, into: out, on: processor)
        let error = zip(out.values, expected).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
        #expect(error < 2e-5)
    }

    /// A causal convolution that remembers gives the same in parts as at once, and what it remembers may be shared.
    @Test func aConvolutionThatRemembersGoesOn() throws {
        let weights = try TinyChatterbox.weights("s3gen_meanflow")["flow.encoder.up_layer.conv"]
        let layer = try Convolution(weights, inputs: 32)
        let x = noise(20, 32, seed: 9)
        let whole = layer.apply(x, on: Processor()).values
        var memory: SignalMemory? = SignalMemory()
        func part(_ range: Range<Int>, _ memory: inout SignalMemory?) -> [Float] {
            memory?.begin()
            return layer.apply(x[range], &memory, on: Processor()).values
        }
        var values = part(0..<1, &memory) + part(1..<8, &memory)
        var other = memory
        values += part(8..<20, &memory)
        #expect(values == whole)
        #expect(part(8..<10, &other) == Array(whole[8 * 32..<10 * 32]))
    }

    /// Of the parts that attention saw it keeps the first and the last two.
    @Test func whatAttentionRemembersIsBounded() {
        let core = FullAttention(heads: 1, dimension: 4)
        var memory = SignalMemory()
        var seen: [[Int]] = []
        for length in 1...6 {
            memory.begin()
            let rows = noise(length, 4, seed: 1)
            seen.append(memory.attended(with: core.pack(keys: rows, values: rows, on: Processor())).map(\.rows))
        }
        #expect(seen == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 3, 4, 5], [1, 4, 5, 6]])
    }

    /// Every format of weights and activations gives the convolution, as far as its rounding lets it.
    @Test(arguments: [ConvolutionFormat.float32, .int16, .split16, .split8, .int8Weights])
    func aConvolutionOfAnyFormatIsNearFloat(_ format: ConvolutionFormat) throws {
        let weights = try TinyChatterbox.weights("s3gen_meanflow")["mel2wav"]
        let x = noise(50, 80, seed: 5)
        let exact = try Convolution(weights["conv_pre"], inputs: 80, padding: .centred).apply(x, on: Processor())
        let near = try Convolution(weights["conv_pre"], inputs: 80, padding: .centred, format: format)
            .apply(x, on: Processor(threads: 2))
        let decibels = Deviation(near.values, from: exact.values).decibels ?? .infinity
        #expect(near.rows == 50 && decibels > (format == .split8 || format == .int8Weights ? 35 : 60))
        let up = try TransposedConvolution(weights["ups.0"], inputs: 32, rate: 8).apply(exact, on: Processor())
        let nearUp = try TransposedConvolution(weights["ups.0"], inputs: 32, rate: 8, format: format)
            .apply(exact, on: Processor())
        #expect(up.rows == 400 && (Deviation(nearUp.values, from: up.values).decibels ?? .infinity) > 35)
    }

    /// No row of a causal convolution sees a later one, no row of one without padding an earlier one.
    @Test func paddingSaysWhatIsSeen() throws {
        let weights = try TinyChatterbox.weights("s3gen_meanflow")["flow.encoder.pre_lookahead_layer.conv1"]
        let x = noise(12, 32, seed: 6)
        let changed = Rows(x.values, columns: 32)
        changed[6, 3] += 1
        for (padding, seen) in [
            (Convolution.Padding.causal, 6..<10), (.none, 3..<7), (.centred, 4..<8),
        ] {
            let layer = try Convolution(weights, inputs: 32, padding: padding)
            let (before, after) = (layer.apply(x, on: Processor()), layer.apply(changed, on: Processor()))
            let rows = (0..<before.rows).filter { before[$0].values != after[$0].values }
            #expect(before.rows == (padding == .none ? 9 : 12) && rows == Array(seen))
        }
    }

    @Test func addingIsTheSumOfBoth() throws {
        let weights = try TinyChatterbox.weights("s3gen_meanflow")["flow.encoder.up_layer.conv"]
        let layer = try Convolution(weights, inputs: 32)
        let (x, y) = (noise(9, 32, seed: 7), noise(9, 32, seed: 8))
        let expected = zip(layer.apply(x, on: Processor()).values, y.values).map { $0 + $1 }
        layer.add(x, to: y, on: Processor())
        for (a, b) in zip(y.values, expected) { #expect(abs(a - b) < 1e-5) }
    }
}
