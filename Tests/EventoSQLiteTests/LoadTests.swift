import Evento
import Testing

@testable import EventoSQLite

/// What happens when more is asked for than the disk can take.
@Suite struct LoadTests {
  @Test func refusesWritesBeyondWhatMayWaitAndStaysReady() async throws {
    var configuration = SQLiteConfiguration()
    configuration.waitingWrites = 3
    configuration.busyTimeout = .seconds(60)
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    // The disk, as far as the writer can tell, takes its time.
    let other = try Connection(path: folder.file(), busyTimeout: .zero)
    try other.execute("BEGIN IMMEDIATE")
    var written = 0
    await withTaskGroup(of: EventoError?.self) { group in
      // The writer has up to three of them, three wait, and the others are refused; until then none returns.
      for _ in 0..<7 {
        group.addTask { await failure { () throws in try await store.write([.sample()]) } }
      }
      let refusal = await group.next() ?? nil
      #expect(refusal?.code == .unavailable)
      #expect(refusal?.detail.contains("(limit 3)") == true)
      // While they wait, reads and the probe don't.
      #expect(await failure { () throws in try await store.checkReadiness() } == nil)
      #expect(
        await failure { () throws in
          _ = try await store.read(nil, routingKey: .all, args: .forward(first: 10, after: .beginning))
        } == nil)
      other.rollBack()
      let others = await group.reduce(into: []) { $0.append($1) }
      written = others.count { $0 == nil }
      #expect(others.allSatisfy { $0 == nil || $0 == refusal })
    }
    #expect((3...6).contains(written))
    #expect(try await store.eventCount() == written)
    other.close()
    await store.close()
  }
}
