import Chatterbox
import Compute
import ModelFile
import TestSupport
import Testing
import Verifying

/// The tiny checkpoint of random weights, and what the official implementation does with it.
enum TinyChatterbox {
    static let folder = Repository.path("Tests/Goldens/chatterbox")
    static let directory = folder + "/tiny"

    static func goldens() throws -> ChatterboxGoldens { try ChatterboxGoldens(path: folder + "/tiny.safetensors") }

    /// The tensors of one of its files.
    static func weights(_ file: String) throws -> Weights {
        let path = "\(directory)/\(file).safetensors"
        return Weights(tensors: try Safetensors(path: path).tensors, path: path)
    }
}

@Test func theGoldensAndTheKitAreRead() throws {
    let goldens = try TinyChatterbox.goldens()
    #expect(goldens.cases["text"]?.entries?.count == 23)
    #expect(goldens.cases["t3_scripted"]?.top_k == 12)
    let heads = try HeadCounts(directory: TinyChatterbox.directory)
    #expect(heads.t3 == 2 && heads.estimator == 2 && heads.estimatorDimension == 24)
    #expect(try TinyChatterbox.weights("ve").names.count == 16)
}

@Test func everyStageEqualsTheOfficialImplementation() throws {
    let goldens = try TinyChatterbox.goldens()
    let report = try ChatterboxVerification(
        directory: TinyChatterbox.directory, goldens, on: Processor(threads: 2)
    ).run()
    for line in report.failures {
        Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
    }
    #expect(report.lines.count > 110)
    #expect(goldens.unused.isEmpty, "\(goldens.unused)")
}
