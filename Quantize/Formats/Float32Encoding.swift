// float32: what is float32 already, and others widened.

package import Compute

extension Float32Matrix: WeightEncoding {
    package static func encode(_ values: [Float], columns: Int) -> [[UInt8]] { [bytes(of: values)] }
}
