package import Files

/// Why a checkpoint was not quantized, with what a person needs to act.
package enum QuantizationError: FileFailure, Equatable, CustomStringConvertible {
    case sameFolder(String)
    case destinationExists(String)
    case noParent(String)
    case inUse(String)
    case diskFull(path: String, needed: Int, available: Int)
    case fileSystem(path: String, reason: String)
    case notACheckpoint(path: String, reason: String)
    case alreadyQuantized(path: String, evidence: String)
    case notFinite(tensor: String, path: String, element: Int, value: String)
    case inputsNotFinite(tensor: String)
    case notRepresentable(tensor: String, format: String, reason: String)
    case badRecipe(name: String, reason: String)
    case nothingToReport(String)
    case notTheSame(path: String, reason: String)
    case noVoice(String)

    /// A file could not be written.
    package init(_ error: FileError) { self = .fileSystem(path: error.path, reason: error.reason) }

    package var description: String {
        switch self {
        case .sameFolder(let path):
            "The destination \(path) lies inside the source, or is the source: choose another folder."
        case .destinationExists(let path):
            "\(path) exists already and is never overwritten: remove it, or choose another destination."
        case .noParent(let path): "There is no folder \(path) to write into: create it first."
        case .inUse(let path): "Another makima-quantize is writing \(path): wait until it is done."
        case .diskFull(let path, let needed, let available):
            "\(path) needs \(megabytes(needed)), and \(megabytes(available)) are free there."
        case .fileSystem(let path, let reason): "\(path): \(reason)"
        case .notACheckpoint(let path, let reason):
            "\(path) is no checkpoint that can be quantized: \(reason)"
        case .alreadyQuantized(let path, let evidence):
            "\(path) is quantized already (\(evidence)): quantize the released checkpoint instead."
        case .notFinite(let tensor, let path, let element, let value):
            "Tensor \(tensor) of \(path) holds \(value) at element \(element): the file is damaged; get it again."
        case .inputsNotFinite(let tensor):
            "Tensor \(tensor) multiplies what is no number while the source speaks: the checkpoint is damaged, get it again, or "
                + "give --no-calibrate to round it all the same."
        case .notRepresentable(let tensor, let format, let reason):
            "Tensor \(tensor) cannot be stored as \(format): \(reason)."
        case .badRecipe(let name, let reason): "The recipe \(name) cannot be used: \(reason)"
        case .nothingToReport(let path):
            "There is no quantized checkpoint at \(path) to report on: leave out --report-only to write it."
        case .noVoice(let path):
            "\(path) has no voice of its own (conds.pt) to listen to: give a clip with --reference, or --no-listen."
        case .notTheSame(let path, let reason): "\(path) was not made from this source: \(reason)"
        }
    }
}

/// "553 MB"
func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
