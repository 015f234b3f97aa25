// Keeps inputs of matrices while a model speaks.

import Compute

/// Belongs to the thread that speaks.
final class InputRecorder: ProductObserver {
    private let wanted: Set<String>
    private var inputs: [MatrixInputs] = []
    /// Which of `inputs` are those of the layers that the first one's name stands for; nil where none of them is wanted.
    private var places: [String: Int?] = [:]
    private var names: [(layer: String, place: Int)] = []
    /// The first layer that met what is no number.
    private(set) var notFinite: String?

    /// `layers` are key paths in the checkpoint.
    init(layers: Set<String>) { wanted = layers }

    func willMultiply(_ x: Rows, by layers: [String]) {
        guard let place = place(layers, columns: x.columns), notFinite == nil else { return }
        if !x.isFinite || !inputs[place].see(x) { notFinite = layers.first(where: wanted.contains) }
    }

    private func place(_ layers: [String], columns: Int) -> Int? {
        if let known = places[layers[0]] { return known }
        let recorded = layers.filter(wanted.contains)
        let place = recorded.isEmpty ? nil : inputs.count
        if let place {
            inputs.append(MatrixInputs(columns: columns, stream: place + 1))
            names += recorded.map { ($0, place) }
        }
        places[layers[0]] = .some(place)
        return place
    }

    /// What each layer met; those that were never used are not there.
    var recorded: [String: MatrixInputs] {
        Dictionary(names.map { ($0.layer, inputs[$0.place]) }, uniquingKeysWith: { first, _ in first })
    }
}
