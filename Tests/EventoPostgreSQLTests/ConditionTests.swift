import Evento
import EventoStorage
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// The query of a condition, compared with what its filters match in memory.
@Suite(.needsPostgreSQL) struct ConditionTests {
  @Test func aConditionFindsWhatItsFiltersMatch() async throws {
    try await withStore(events: 6000) { store, log, _ in
      var all: [Edge<Event>] = []
      while all.count < log.events {
        let start = all.last.map { Args.Start.after($0.cursor) } ?? .beginning
        all += try await store.read(nil, routingKey: .all, args: .forward(first: 1000, after: start)).edges
      }
      let missing = SampleLog.filters.filter { filter in !all.contains { filter.matches($0.node) } }
      #expect(missing.count > 2)
      for filters in SampleLog.filters.map({ [$0] }) + [missing, missing + [SampleLog.largeAggregate]] {
        let last = all.last { edge in filters.contains { $0.matches(edge.node) } }.map { Int($0.node.id.low) } ?? 0
        for start in [0, last - 1, last, log.events] where start >= 0 {
          let condition = WriteCondition(failIfEventsMatch: filters, after: log.position(start).cursor)
          let query = EventQuery.exists(condition)
          let isFound = try await store.connections.perform(.lookUp) { session, _ in
            try session.connection.run(query.statement, query.parameters).bool(0, 0)
          }
          #expect(isFound == (last > start), "\(filters) after \(start)")
        }
      }
      let always = EventQuery.exists(WriteCondition(failIfEventsMatch: [SampleLog.largeAggregate]))
      let isFound = try await store.connections.perform(.lookUp) { session, _ in
        try session.connection.run(always.statement, always.parameters).bool(0, 0)
      }
      #expect(isFound)
    }
  }
}
