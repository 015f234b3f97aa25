/// Sees what linear layers multiply, before they do. The quantizer learns from it which inputs a matrix meets.
package protocol ProductObserver: AnyObject {
    /// x [n, columns] is about to be multiplied by the matrices of `layers`, named by their key paths in the checkpoint. x is
    /// valid until the call returns.
    func willMultiply(_ x: Rows, by layers: [String])
}
