import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

@Suite struct SymbolTableTests {
  @Test func aSlotGoesToWhoeverWasKeptLast() {
    let cache = DirectMappedCache<String>(limit: 128)
    #expect(cache[1] == nil)
    for id: Int64 in 1...128 { cache.keep("\(id)", at: id) }
    // As many as there are slots, and in a row: none has pushed out another.
    #expect((1...128).allSatisfy { cache[Int64($0)] == "\($0)" })
    cache.keep("129", at: 129)
    #expect(cache[129] == "129" && cache[1] == nil)
    #expect((2...128).allSatisfy { cache[Int64($0)] == "\($0)" })
    cache.keep("other", at: 129)
    #expect(cache[129] == "other" && cache.count == 128)
    cache.removeAll()
    #expect(cache[129] == nil && cache.count == 0)
  }

  @Test func whatIsKeptIsBoundedWhateverTheIds() {
    let cache = DirectMappedCache<Int64>(limit: 256)
    var random = SeededGenerator(seed: 3)
    var ids = (0..<5000).map { _ in Int64.random(in: 1...Int64.max, using: &random) }
    // Those that meet in every slot, and in one.
    ids += (1...5000).map { $0 * 256 } + [Int64.max, 1, 1 << 32, 1 << 32 + 1]
    for id in ids {
      cache.keep(id, at: id)
      #expect(cache[id] == id)
      #expect(cache.count <= 256)
    }
    #expect(ids.allSatisfy { cache[$0] == nil || cache[$0] == $0 })
  }

  @Test func moreThanIsKeptIsReadAsItIs() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let symbols = SymbolTable(connection, slots: 64)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    let events = (0..<500).map { number in
      NewEvent.sample("id-\(number % 200)", "N\(number % 3)", routingKey: .value("k\(number % 150)"))
    }
    _ = try writer.write(events, condition: nil, commitID: 1)
    try insertBuffer.flush()
    let reader = EventReader(
      connection: connection, symbols: symbols, limits: PageLimits(events: 1000, bytes: 8 << 20))
    for _ in 1...2 {
      let log = try reader.page(nil, .all, .forward(first: 1000)).edges.map(\.node)
      #expect(log.map(\.aggregatorID) == events.map(\.aggregatorID))
      #expect(log.map(\.name) == events.map(\.name))
      #expect(log.map { NewEvent.Routing.value($0.routingKey) } == events.map(\.routingKey))
    }
  }
}
