import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import makima_bench

@Suite struct CodecSuiteTests {
    private let model = Repository.path("Models/makima-mini")

    @Test func aLineForEachPrecisionAndInstructionSet() throws {
        let suite = try CodecSuite(directory: model)
        let lines = try suite.run(precisions: ["float32", "int16"], sets: [CodecSuite.sets.last!], frames: 10)
        #expect(lines.map(\.precision) == ["float32", "int16"])
        #expect(lines.allSatisfy { $0.milliseconds > 0 && $0.set == CodecSuite.sets.last! })
        #expect(lines[0].decibels == nil)
        #expect(try #require(lines[1].decibels) >= 40)
        let table = CodecSuite.table(lines).split(separator: "\n")
        #expect(table.count == 3 && table[2].hasPrefix("int16"))
    }

    @Test(arguments: [
        (
            ["--precision", "int12"],
            "There is no precision int12. There are: float32, int16, int8, hybrid, hybrid8, transform."
        ),
        (["--kernels", "mmx"], "This processor has no kernels mmx."),
        (["--frames", "3"], "--frames takes a number from 10 to 2000."),
    ])
    func wrongOptionsAreNamed(_ arguments: [String], _ message: String) {
        do {
            _ = try CodecCommand.parse([model] + arguments)
            Issue.record("\(arguments) were taken")
        } catch {
            #expect(CodecCommand.message(for: error).contains(message))
        }
    }
}
