import Compute
import Glibc
import ModelFile
import Testing

@Suite struct PackedConvolutionTests {
    /// A codec is packed into other memory: the file it comes from must not stay in memory beside it.
    @Test(arguments: ConvolutionFormat.allCases)
    func packingGivesThePagesOfTheFileBack(_ format: ConvolutionFormat) throws {
        let shape = ConvolutionShape(inputs: 256, outputs: 256, taps: 8)
        var file = CheckpointFile()
        let values = (0..<256 * 256 * 8).map { Float($0 % 251) - 125 }
        file.add("weight", [256, 256, 8], floats: values)
        let tensor = try file.weights().tensor("weight")
        #expect(try tensor.floats() == values)
        #expect(residentKilobytes(of: tensor.path) >= 2048)
        let convolution = try PackedConvolution(tensor, shape, bias: nil, format: format)
        // What is left are the pages at both ends, and those the system maps around them.
        #expect(residentKilobytes(of: tensor.path) <= 256)
        #expect(try tensor.floats() == values, "what was given back can be read again")
        withExtendedLifetime(convolution) {}
    }

    /// What this process holds in memory of a mapped file.
    private func residentKilobytes(of path: String) -> Int {
        guard let stream = unsafe fopen("/proc/self/smaps", "r") else { return -1 }
        defer { unsafe _ = fclose(stream) }
        var (total, isInside) = (0, false)
        while let line = unsafe nextLine(stream) {
            let words = line.split(separator: " ")
            if words.first?.contains("-") == true { isInside = line.contains(path) }
            if isInside, words.first == "Rss:" { total += Int(words[1]) ?? 0 }
        }
        return total
    }

    private func nextLine(_ stream: UnsafeMutablePointer<FILE>) -> String? {
        var bytes = [UInt8](repeating: 0, count: 8192)
        let isRead = unsafe bytes.withUnsafeMutableBytes {
            unsafe fgets($0.baseAddress!.assumingMemoryBound(to: CChar.self), Int32($0.count), stream) != nil
        }
        return isRead ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : nil
    }
}
