// From a released checkpoint to the one the appliance runs, tensor by tensor through little memory.
//
// hash the source → plan every tensor → record what matrices multiply → write in pieces → read back and compare → describe →
// listen, shortly and for long → try the codec in bytes → rename into place

import Compute
import FoundationEssentials
import ModelFile

package struct QuantizationOptions: Sendable {
    /// Recorded in the files; found out from a Hugging Face cache's folder names when nil.
    package var repository: String?
    package var revision: String?
    package var threads: Int
    /// How the source speaks so that formats of a few bits are rounded by what matrices multiply; nil rounds each by itself.
    package var calibration: CalibrationOptions?
    /// How to try the result; nil writes no speech quality.
    package var evaluation: EvaluationOptions?
    /// Try the codec decoder in bytes too, and record what it may compute in.
    package var triesCodec: Bool

    package init(
        repository: String? = nil, revision: String? = nil, threads: Int = 2, calibration: CalibrationOptions? = nil,
        evaluation: EvaluationOptions? = nil, triesCodec: Bool = true
    ) {
        self.repository = repository
        self.revision = revision
        self.threads = max(1, threads)
        self.calibration = calibration
        self.evaluation = evaluation
        self.triesCodec = triesCodec
    }
}

package struct QuantizationProgress: Sendable {
    package enum Stage: String, Sendable {
        case hashing, calibrating, writing, checking, listening, speaking, decoding
    }
    package let stage: Stage
    package let done: Int
    package let total: Int
}

package let quantizerVersion = "makima-quantize 1"

/// Writes `source`, quantized, to the new folder `destination`, and reports. Throws and leaves nothing there when anything
/// is wrong; a result below the quality gate is written all the same, and its report says so.
package func quantize(
    source: String, destination: String, recipe: Recipe, options: QuantizationOptions = QuantizationOptions(),
    progress: @escaping (QuantizationProgress) -> Void = { _ in }
) async throws -> QualityReport {
    let source = withoutTrailingSlashes(source)
    let destination = withoutTrailingSlashes(destination)
    guard !isInside(destination, source) else { throw QuantizationError.sameFolder(destination) }
    let checkpoint = try SourceCheckpoint(source)
    let plans = try checkpoint.plans(recipe)
    let staging = try StagingFolder(for: destination)
    let needed = plans.joined().reduce(64 << 20) { $0 + $1.byteCount }
    guard staging.available >= needed else {
        throw QuantizationError.diskFull(path: destination, needed: needed, available: staging.available)
    }
    for folder in checkpoint.family.folders { try staging.makeFolder(String(folder.dropLast())) }
    let digests = try checkpoint.digests(progress)
    let calibration = try options.calibration.flatMap {
        try checkpoint.family.calibration(for: plans.joined(), $0, threads: options.threads, progress)
    }
    let run = QuantizationRun(
        checkpoint: checkpoint, plans: plans, recipe: recipe, options: options, calibration: calibration,
        staging: staging, progress: progress)
    try await run.writeWeights(digests)
    let lines = try await run.check()
    try run.copyFiles()
    for file in try checkpoint.family.description(of: Array(plans.joined())) {
        try staging.write(file.bytes, to: file.name)
    }
    let found = try checkpoint.family.listen(to: staging.path, options, progress)
    // It makes the folder a checkpoint, so it comes last, with what was found by running the model; only the report follows.
    if let codec = checkpoint.family.codec {
        try staging.write(codec.recording(found.codec?.choice), to: CodecRecord.file)
    }
    let report = checkpoint.report(recipe, plans, lines, calibration?.record, found)
    try staging.write(report.json(), to: QualityReport.fileName)
    try staging.publish()
    return report
}

/// The report on a checkpoint that `quantize` wrote from `source`; writes nothing.
package func reportQuality(
    source: String, destination: String, recipe: Recipe, options: QuantizationOptions = QuantizationOptions(),
    progress: @escaping (QuantizationProgress) -> Void = { _ in }
) async throws -> QualityReport {
    let source = withoutTrailingSlashes(source)
    let destination = withoutTrailingSlashes(destination)
    let checkpoint = try SourceCheckpoint(source)
    guard let main = type(of: checkpoint.family).mainFile(in: destination) else {
        throw QuantizationError.nothingToReport(destination)
    }
    let plans = try checkpoint.plans(recipe)
    let lines = try await compare(plans, checkpoint, with: destination, threads: options.threads, progress)
    var found = try checkpoint.family.listen(to: destination, options, progress)
    found.codec?.recorded = try CodecRecord(directory: destination).recorded
    return checkpoint.report(recipe, plans, lines, try CalibrationRecord.read(from: destination + "/" + main), found)
}

/// What was found by running the model.
private struct Listening {
    var speech: SpeechQuality?
    var rollouts: RolloutQuality?
    var codec: CodecQuality?
}

extension CheckpointFamily {
    /// Lets this model and the one in `quantized` speak and its codec decoder try bytes, as far as the options ask for it.
    fileprivate func listen(
        to quantized: String, _ options: QuantizationOptions, _ progress: (QuantizationProgress) -> Void
    ) throws -> Listening {
        var (found, spoken) = (Listening(), [[[Int]]]())
        if let evaluation = options.evaluation {
            let comparison = SpeechComparison(heard, quantized: quantized, options: evaluation)
            let (quality, codes) = try comparison.run(progress)
            (found.speech, spoken) = (quality, codes)
            found.rollouts = try evaluation.rollouts.map {
                try RolloutTrial(heard, $0, voice: evaluation.voice, threads: evaluation.threads)
                    .run(quantized: quantized, progress)
            }
        }
        if options.triesCodec, let codec {
            found.codec = try CodecTrial(quantized, codec.configuration, threads: options.threads)
                .run(spoken: spoken, progress)
        }
        return found
    }
}

private struct QuantizationRun {
    let checkpoint: SourceCheckpoint
    let plans: [[TensorPlan]]
    let recipe: Recipe
    let options: QuantizationOptions
    let calibration: Calibration?
    let staging: StagingFolder
    let progress: (QuantizationProgress) -> Void

    func writeWeights(_ digests: [String]) async throws {
        var done = 0
        for ((part, plans), digest) in zip(zip(checkpoint.parts, plans), digests) {
            var metadata = checkpoint.metadata(recipe, options, digest: digest)
            if part.file == checkpoint.parts[0].file {
                metadata[CalibrationRecord.key] = try calibration?.record.json()
            }
            let writer = try SafetensorsWriter(
                path: staging.path + "/" + part.file, tensors: plans.flatMap(\.outputs), metadata: metadata)
            for plan in plans {
                let feedback = calibration?.feedback(for: plan)
                _ = try await eachPiece(of: plan, threads: options.threads) {
                    try plan.encode($0, feedback, into: writer)
                }
                done += plan.source.byteCount
                progress(QuantizationProgress(stage: .writing, done: done, total: checkpoint.byteCount))
            }
            try writer.finish()
        }
    }

    func check() async throws -> [QualityReport.TensorLine] {
        try await compare(plans, checkpoint, with: staging.path, threads: options.threads, progress)
    }

    func copyFiles() throws {
        for file in checkpoint.files {
            let path = checkpoint.path + "/" + file
            let data: Data
            do {
                data = try Data(contentsOf: URL(filePath: path))
            } catch {
                throw QuantizationError.fileSystem(path: path, reason: "it cannot be read")
            }
            try staging.write(Array(data), to: file)
        }
    }
}

/// Calls `body` with the pieces of a tensor, `threads` at a time.
private func eachPiece<Result: Sendable>(
    of plan: TensorPlan, threads: Int, _ body: @escaping @Sendable (Range<Int>) throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        var results: [Result] = []
        for (index, piece) in plan.pieces.enumerated() {
            if index >= threads, let result = try await group.next() { results.append(result) }
            group.addTask { try body(piece) }
        }
        for try await result in group { results.append(result) }
        return results
    }
}

/// Decodes what lies in `folder` and measures it against the source.
private func compare(
    _ plans: [[TensorPlan]], _ checkpoint: SourceCheckpoint, with folder: String, threads: Int,
    _ progress: (QuantizationProgress) -> Void
) async throws -> [QualityReport.TensorLine] {
    var lines: [QualityReport.TensorLine] = []
    var done = 0
    for (part, plans) in zip(checkpoint.parts, plans) {
        let path = folder + "/" + part.file
        let weights = Weights(tensors: try Safetensors(path: path).tensors, path: path)
        for plan in plans {
            lines.append(try await compare(plan, weights, file: part.file, threads))
            done += plan.source.byteCount
            progress(QuantizationProgress(stage: .checking, done: done, total: checkpoint.byteCount))
        }
    }
    return lines
}

private func compare(
    _ plan: TensorPlan, _ weights: Weights, file: String, _ threads: Int
) async throws -> QualityReport.TensorLine {
    let stored = try StoredTensor(plan, in: weights)
    var total = Deviation()
    if [.f32, .bf16, .f16].contains(plan.source.type) {
        let parts = try await eachPiece(of: plan, threads: threads) { piece in
            let deviation = Deviation(try stored.floats(piece), from: try plan.source.floats(piece))
            plan.source.release(piece)
            return deviation
        }
        for part in parts { total += part }
    }
    // Each format is better than storing zeros; anything else is another checkpoint's file.
    guard total.noise <= total.signal else {
        throw QuantizationError.notTheSame(path: file, reason: "tensor \(plan.source.name) differs altogether")
    }
    return QualityReport.TensorLine(
        file: file, name: plan.source.name, shape: plan.source.shape, from: plan.from, to: plan.to,
        bytes: plan.byteCount, sqnrDB: total.decibels, maxError: total.largest)
}

extension SourceCheckpoint {
    func plans(_ recipe: Recipe) throws(QuantizationError) -> [[TensorPlan]] {
        var all: [[TensorPlan]] = []
        for part in parts {
            guard let rules = recipe.parts[part.rules] else {
                throw .badRecipe(name: recipe.name, reason: "it has no rules for \"\(part.rules)\"")
            }
            var plans: [TensorPlan] = []
            for tensor in part.tensors { plans.append(try TensorPlan(tensor, rules: rules)) }
            all.append(plans)
        }
        return all
    }

    /// For each part, the digest of its file, or of each shard.
    fileprivate func digests(_ progress: (QuantizationProgress) -> Void) throws -> [String] {
        var done = 0
        return try parts.map { part in
            let digests = try part.sourceFiles.map { path in
                try Self.digest(path) { count in
                    done += count
                    progress(QuantizationProgress(stage: .hashing, done: min(done, byteCount), total: byteCount))
                }
            }
            guard digests.count > 1 else { return digests.first ?? "" }
            return zip(part.sourceFiles, digests).map { "\($0.split(separator: "/").last ?? "") \($1)" }
                .joined(separator: "\n")
        }
    }

    fileprivate func metadata(_ recipe: Recipe, _ options: QuantizationOptions, digest: String) -> [String: String] {
        let cache = cacheNames
        return [
            "format": "pt",
            "source_repository": options.repository ?? cache?.repository ?? "",
            "source_revision": options.revision ?? cache?.revision ?? "",
            "source_sha256": digest,
            "quantizer": quantizerVersion,
            "recipe": recipe.name,
        ].filter { !$0.value.isEmpty }
    }

    /// `…/models--OWNER--NAME/snapshots/REVISION`, the layout of a Hugging Face cache.
    private var cacheNames: (repository: String, revision: String)? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, parts[parts.count - 2] == "snapshots", parts[parts.count - 3].hasPrefix("models--")
        else {
            return nil
        }
        let repository = parts[parts.count - 3].dropFirst("models--".count).replacing("--", with: "/")
        return (String(repository), String(parts[parts.count - 1]))
    }

    fileprivate func report(
        _ recipe: Recipe, _ plans: [[TensorPlan]], _ lines: [QualityReport.TensorLine],
        _ calibration: CalibrationRecord?, _ found: Listening
    ) -> QualityReport {
        let unknown = plans.joined().filter(\.isUnknown).map { "tensor \($0.source.name) has no rule: kept as it is" }
        let fallen = plans.joined().filter(\.isFallback).map {
            "tensor \($0.source.name) \($0.source.shape) is stored as \($0.to), since its shape does not fit its rule"
        }
        let blind = calibration?.notes(plans.joined()) ?? []
        return QualityReport(
            recipe: recipe.name, quantizer: quantizerVersion, sourceBytes: byteCount,
            bytes: plans.joined().reduce(0) { $0 + $1.byteCount }, tensors: calibration?.added(to: lines) ?? lines,
            calibration: calibration, notes: unknown + fallen + blind + ignored.map { "\($0) was not copied" },
            speech: found.speech, rollouts: found.rollouts, codec: found.codec)
    }
}

private func withoutTrailingSlashes(_ path: String) -> String {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    return path
}

/// Whether `path` is `folder` or lies in it, links followed where they exist.
private func isInside(_ path: String, _ folder: String) -> Bool {
    let folder = URL(filePath: folder).standardizedFileURL.resolvingSymlinksInPath().path
    let path = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    return path == folder || path.hasPrefix(folder + "/")
}
