// One line on a terminal, redrawn; nothing where the output is no terminal.

import Files
import Glibc
import Quantization

final class ProgressBar {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = ""

    private static let width = 40

    func show(_ progress: QuantizationProgress) {
        guard isTerminal else { return }
        let share = Double(progress.done) / Double(max(1, progress.total))
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: Self.width - filled)
        let line = "\(progress.stage.rawValue.padded(to: 9)) \(bar) \(Int(share * 100)) %"
        guard line != last else { return }
        last = line
        writeError("\r\u{1b}[K" + line)
    }

    func clear() {
        if isTerminal && !last.isEmpty { writeError("\r\u{1b}[K") }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
