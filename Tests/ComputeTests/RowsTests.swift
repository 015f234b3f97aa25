import Compute
import Testing

/// Small ones come from the allocator, large ones from the system.
@Test(arguments: [1, 1000, (1 << 15) - 1, 1 << 15, (1 << 15) + 1, 3_000_001])
func aBufferIsZeroAndCanBeWrittenToItsEnd(count: Int) {
    for _ in 0..<2 {
        let rows = Rows(rows: 1, columns: count)
        #expect(rows.values.allSatisfy { $0 == 0 })
        rows.copy(from: Rows([Float](repeating: 1, count: count), columns: count))
        #expect(rows[0, 0] == 1 && rows[0, count - 1] == 1)
    }
}
