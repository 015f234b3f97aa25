import Compute
import ModelFile
import TestSupport
import Testing

/// What was told, in words.
private final class Watcher: ProductObserver {
    var products: [(layers: [String], x: [Float])] = []
    func willMultiply(_ x: Rows, by layers: [String]) { products.append((layers, x.values)) }
}

private func file() throws -> Weights {
    var noise = Noise(state: 3)
    var file = CheckpointFile()
    for name in ["a.q", "a.k", "b"] { file.add("\(name).weight", [4, 32], floats: noise.floats(4 * 32).values) }
    return try file.weights()
}

@Test func whatLayersMultiplyIsSeenWithTheirNames() throws {
    let weights = try file()
    let linear = try Linear(weights["b"], rows: 4, columns: 32)
    let group = LinearGroup(try ["q", "k"].map { try Linear(weights["a"][$0], rows: 4, columns: 32) })
    var noise = Noise(state: 4)
    // Rows of a wider matrix.
    let x = Rows(noise.floats(3 * 40).values, columns: 40).columns(8..<40)
    let watcher = Watcher()
    let results = [Processor(observer: watcher), Processor()].map { processor in
        let (y, z) = (Rows(rows: 3, columns: 4), Rows(rows: 1, columns: 8))
        linear.apply(x, into: y, on: processor)
        group.apply(x[1], into: z, on: processor)
        return y.values + z.values
    }
    #expect(results[0] == results[1])
    #expect(watcher.products.map(\.layers) == [["b"], ["a.q", "a.k"]])
    #expect(watcher.products.map(\.x) == [x.values, x[1].values])
}
