import Testing
import Verifying

@testable import Chatterbox

extension TinyChatterbox {
    static func s3gen() throws -> S3Gen {
        try S3Gen(weights("s3gen_meanflow"), heads: HeadCounts(directory: directory))
    }

    static func flow() throws -> Flow { try s3gen().flow }

    /// The voice of the goldens for the flow.
    static func voice() throws -> S3GenVoice {
        let goldens = try goldens()
        return S3GenVoice(
            promptTokens: try goldens.integers("flow/prompt_tokens"),
            promptMel: try goldens.floats("flow/prompt_feat"), xVector: try goldens.floats("flow/xvector"))
    }

    static func expectPassed(_ report: VerificationReport) {
        for line in report.failures {
            Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
        }
    }
}
