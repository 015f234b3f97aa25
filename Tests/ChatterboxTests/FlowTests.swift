import Compute
import FoundationEssentials
import ModelFile
import TestSupport
import Testing
import Verifying

@testable import Chatterbox

@Suite struct FlowTests {
    @Test(arguments: Kernels.available.map(\.name), [1, 3])
    func everyStageEqualsTheOfficialImplementation(kernels name: String, threads: Int) throws {
        let kernels = try #require(Kernels.available.first { $0.name == name })
        let goldens = try TinyChatterbox.goldens()
        var report = VerificationReport()
        try FlowVerification(
            TinyChatterbox.flow(), goldens, on: Processor(kernels: kernels, threads: threads)
        ).run(into: &report)
        TinyChatterbox.expectPassed(report)
        let given = ["tokens", "prompt_tokens", "prompt_feat", "xvector", "noise", "noise_not_final"]
        #expect(report.lines.count == goldens.names(below: "flow/").count - given.count)
        #expect(goldens.unused.filter { $0.hasPrefix("flow/") } == [])
    }

    /// Verification can fail: heads that are wrong change what they attend to and all that follows, and nothing before.
    @Test func aWrongModelIsNoticed() throws {
        var heads = HeadCounts()
        heads.estimator = 3
        let flow = try Flow(TinyChatterbox.weights("s3gen_meanflow")["flow"], heads: heads)
        var report = VerificationReport()
        try FlowVerification(flow, TinyChatterbox.goldens(), on: Processor()).run(into: &report)
        let failed = Set(report.failures.map(\.stage))
        #expect(failed.isSuperset(of: ["flow/est_down0_attn0", "flow/velocity0", "flow/mel"]))
        #expect(failed.isDisjoint(with: ["flow/mu", "flow/time_mix0", "flow/est_down0_resnet"]))
    }

    @Test func threadsDoNotChangeABit() throws {
        let flow = try TinyChatterbox.flow()
        let mels = try [1, 2, 3].map { threads in
            try flow.mel(
                Array(0..<60), TinyChatterbox.voice(), noise: SeededNoise(seed: 4), on: Processor(threads: threads)
            ).values.map(\.bitPattern)
        }
        #expect(mels[0] == mels[1] && mels[0] == mels[2] && mels[0].count == 120 * flow.bands)
    }

    /// A voice's vector says who speaks by its direction alone.
    @Test func theLengthOfAnXVectorDoesNotMatter() throws {
        let flow = try TinyChatterbox.flow()
        let voice = try TinyChatterbox.voice()
        let speaker = flow.speaker(voice.xVector, on: Processor())
        let longer = flow.speaker(voice.xVector.map { 7 * $0 }, on: Processor())
        for (a, b) in zip(speaker.values, longer.values) { #expect(abs(a - b) < 1e-6) }
    }

    @Test func badRequestsAreNamed() throws {
        let flow = try TinyChatterbox.flow()
        let voice = try TinyChatterbox.voice()
        let processor = Processor()
        func mel(_ tokens: [Int], _ voice: S3GenVoice, steps: Int = 1, isFinal: Bool = true) throws {
            _ = try flow.mel(
                tokens, voice, steps: steps, isFinal: isFinal, noise: SeededNoise(seed: 1), on: processor)
        }
        #expect(throws: S3GenError.tokenOutOfRange(index: 14, token: flow.vocabulary, limit: flow.vocabulary)) {
            try mel([0, 1, flow.vocabulary], voice)
        }
        #expect(throws: S3GenError.tokenOutOfRange(index: 12, token: -1, limit: flow.vocabulary)) {
            try mel([-1], voice)
        }
        #expect(throws: S3GenError.tooFewTokens(count: 0, minimum: 1)) { try mel([], voice) }
        #expect(throws: S3GenError.tooFewTokens(count: 3, minimum: 4)) { try mel([1, 2, 3], voice, isFinal: false) }
        #expect(throws: S3GenError.badSteps(0, limit: 100)) { try mel([1], voice, steps: 0) }
        #expect(throws: S3GenError.badSteps(101, limit: 100)) { try mel([1], voice, steps: 101) }
        for broken in [
            S3GenVoice(promptTokens: [], promptMel: [], xVector: voice.xVector),
            S3GenVoice(promptTokens: [1], promptMel: Array(voice.promptMel.prefix(81)), xVector: voice.xVector),
            S3GenVoice(promptTokens: [1], promptMel: voice.promptMel, xVector: [1]),
            S3GenVoice(promptTokens: [1], promptMel: [.nan] + voice.promptMel.dropFirst(), xVector: voice.xVector),
        ] {
            #expect(throws: S3GenError.self) { try mel([1], broken) }
        }
    }

    @Test func theNoiseOfAFrameIsTheSameWhateverIsDecoded() throws {
        let noise = SeededNoise(seed: 9)
        let rows = Rows(rows: 4, columns: 501)
        noise.flow(5, isPrompt: false, into: rows[0])
        noise.flow(6, isPrompt: false, into: rows[1])
        noise.flow(5, isPrompt: true, into: rows[2])
        noise.flow(5, isPrompt: false, into: rows[3])
        #expect(rows[0].values == rows[3].values)
        #expect(rows[0].values != rows[1].values && rows[0].values != rows[2].values)
        let other = Rows(rows: 1, columns: 501)
        SeededNoise(seed: 10).flow(5, isPrompt: false, into: other)
        #expect(other.values != rows[0].values)
    }

    @Test func seededNoiseIsNormal() {
        let rows = Rows(rows: 480, columns: 9)
        var (sum, squares, fourth, beyond) = (0.0, 0.0, 0.0, 0)
        for frame in 0..<20 {
            SeededNoise(seed: 3).excitation(frame, into: rows)
            for value in rows.values.map(Double.init) {
                sum += value
                squares += value * value
                fourth += value * value * value * value
                beyond += abs(value) > 3 ? 1 : 0
            }
        }
        let count = Double(20 * 480 * 9)
        #expect(abs(sum / count) < 0.015 && abs(squares / count - 1) < 0.02 && abs(fourth / count - 3) < 0.15)
        #expect((150...320).contains(beyond))
        let phases = Rows(rows: 1, columns: 1000)
        SeededNoise(seed: 3).phases(into: phases)
        #expect(phases.values.allSatisfy { abs($0) <= Float.pi } && phases.values.contains { abs($0) > 3 })
    }
}

/// A damaged or foreign checkpoint is an error that names the tensor.
@Suite struct S3GenCheckpointTests {
    @Test(
        arguments: [
            "flow.input_embedding.weight", "flow.spk_embed_affine_layer.weight", "flow.encoder_proj.weight",
            "flow.encoder.embed.out.1.bias", "flow.encoder.encoders.0.norm_mha.weight",
            "flow.encoder.up_encoders.0.norm_mha.weight", "flow.encoder.encoders.1.self_attn.pos_bias_u",
            "flow.encoder.encoders.1.self_attn.linear_pos.weight", "flow.encoder.pre_lookahead_layer.conv2.weight",
            "flow.decoder.estimator.time_embed_mixer.weight", "flow.decoder.estimator.time_mlp.linear_1.weight",
            "flow.decoder.estimator.down_blocks.0.0.res_conv.weight",
            "flow.decoder.estimator.mid_blocks.0.0.res_conv.weight",
            "flow.decoder.estimator.up_blocks.0.1.0.attn1.to_q.weight",
            "flow.decoder.estimator.final_proj.weight",
            "mel2wav.f0_predictor.condnet.0.parametrizations.weight.original0",
            "mel2wav.f0_predictor.classifier.weight", "mel2wav.m_source.l_linear.weight",
            "mel2wav.ups.1.parametrizations.weight.original0", "mel2wav.source_downs.2.weight",
            "mel2wav.source_resblocks.0.convs1.2.parametrizations.weight.original0",
            "mel2wav.resblocks.0.activations1.0.alpha", "mel2wav.resblocks.7.activations2.1.alpha",
            "mel2wav.conv_post.parametrizations.weight.original0",
        ])
    func aTensorThatIsMissingOrOfAnotherShapeIsNamed(_ name: String) throws {
        let path = TinyChatterbox.directory + "/s3gen_meanflow.safetensors"
        let heads = try HeadCounts(directory: TinyChatterbox.directory)
        var tensors = try Safetensors(path: path).tensors
        let replaced = try #require(tensors[name])
        tensors[name] = nil
        #expect(throws: ModelFileError.missingTensor(name: name, path: path)) {
            try S3Gen(Weights(tensors: tensors, path: path), heads: heads)
        }
        // A tensor of another shape in its place: one with a dimension that nothing here has.
        let other = try #require(tensors["tokenizer.encoder.conv1.weight"])
        #expect(other.shape != replaced.shape)
        tensors[name] = other
        #expect(throws: ModelFileError.self) { try S3Gen(Weights(tensors: tensors, path: path), heads: heads) }
    }

    @Test func headsThatDoNotDivideAreNamed() throws {
        var heads = HeadCounts()
        heads.estimator = 5
        let name = "flow.decoder.estimator.down_blocks.0.1.0.attn1.to_q.weight"
        #expect(throws: ModelFileError.unusable(name: name, reason: "48 rows do not divide into 5 heads")) {
            try S3Gen(TinyChatterbox.weights("s3gen_meanflow"), heads: heads)
        }
    }
}
