import Evento
import EventoStorage
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Every filter is served by index scans in the order of the log, whatever the planner expects of the tables.
@Suite(.needsPostgreSQL) struct QueryPlanTests {
  /// Returns the plan of a statement, a line for each step, without values for its parameters.
  private func plan(_ statement: Statement, on connection: Connection) throws -> [String] {
    let types = statement.parameterTypes.map { "\($0)".replacing("Array", with: "[]") }
    let values = statement.parameterTypes.map { type in
      switch type {
      case .int4, .int8: "1"
      case .text: "'a'"
      case .uuid: "'00000000-0000-0000-0000-000000000000'"
      default: "'{}'"
      }
    }
    let name = "plan_\(statement.number)"
    func list(_ items: [String]) -> String { items.isEmpty ? "" : "(\(items.joined(separator: ", ")))" }
    try connection.run(.once("PREPARE \(name) \(list(types)) AS \(statement.sql)"))
    let rows = try connection.run(.once("EXPLAIN (COSTS OFF) EXECUTE \(name) \(list(values))"))
    try connection.run(.once("DEALLOCATE \(name)"))
    return (0..<rows.rowCount).map { rows.text($0, 0) }
  }

  /// Checks that a plan reads tables by indexes only, and the log in the order of the index.
  ///
  /// - Parameter whole: The table that it reads as a whole.
  private func check(_ plan: [String], _ label: String, sorts: Bool, whole: String = "store") {
    let text: Comment = "\(label):\n\(plan.joined(separator: "\n"))"
    for (index, step) in plan.enumerated() {
      #expect(!step.contains("Bitmap") && !step.contains("Hash Join") && !step.contains("Merge"), text)
      // All columns of a look-up are conditions of its index.
      #expect(!step.contains("Join Filter"), text)
      if step.contains("Seq Scan") { #expect(step.hasSuffix("Seq Scan on \(whole)"), text) }
      // A subquery has the same name.
      guard step.contains(" on event"), !step.contains("Subquery Scan") else { continue }
      let details = plan[(index + 1)...].prefix { !$0.contains("->") }
      #expect(details.contains { $0.contains("Index Cond:") }, text)
      // The next events are compared with all filters.
      #expect(!details.contains { $0.contains("Filter:") && !$0.contains("hashed SubPlan") }, text)
    }
    if !sorts { #expect(!plan.contains { $0.contains("Sort") }, text) }
  }

  private func pages() -> [(label: String, statement: Statement, isOneScan: Bool)] {
    let selections = Selection.allCases
    let sets =
      selections.map { [$0] } + [
        [.type, .kind, .aggregate, .aggregateAndKind],
        [.typeAndRoutingKey, .lane, .aggregateAndRoutingKey, .aggregateAndLane],
      ]
    return sets.flatMap { set in
      (set == [.log] ? [1] : [1, 2, 10]).flatMap { count in
        ReadDirection.allCases.flatMap { direction in
          let targets = set.flatMap { selection in
            (1...count).map { FilterTarget(selection: selection, first: Int64($0), second: Int64($0)) }
          }
          return [EventRow.Payloads.small, .bounded].map { payloads in
            let query = EventQuery.page(
              Set(targets), EventQuery.Range(direction: direction), limit: 100, payloads, bytes: 1000)
            return (
              "\(count) × \(set) \(direction), payloads \(payloads)", query.statement,
              set == [.log] || count == 1 && set.count == 1 && set[0].isOneScan
            )
          }
        }
      }
    }
  }

  private func checkPlans(_ connection: Connection) throws {
    for page in pages() { check(try plan(page.statement, on: connection), page.label, sorts: !page.isOneScan) }
    let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t")])
    check(try plan(EventQuery.exists(condition).statement, on: connection), "condition", sorts: true)
    for (index, statement) in WriterLookups.statements.enumerated() {
      check(try plan(statement, on: connection), "look-up \(index) of a writer", sorts: true)
    }
    check(try plan(FilterResolution.statement, on: connection), "names", sorts: true)
    check(try plan(SymbolTable.statement, on: connection), "lanes", sorts: false)
    check(try plan(EventRow.byID, on: connection), "event by id", sorts: false)
    check(try plan(SubscriberTable.pageStatement, on: connection), "subscribers", sorts: false)
    let slowest = try plan(SubscriberTable.slowestStatement, on: connection)
    check(slowest, "slowest subscribers", sorts: true, whole: "subscriber")
  }

  @Test(arguments: [0, 120_000]) func eachFilterIsAnIndexScan(events: Int) async throws {
    try await withStore(events: events) { store, _, _ in
      try await store.connections.perform(.lookUp) { session, _ in try checkPlans(session.connection) }
    }
  }

  /// When the planner last looked, all events had the same kind: it then takes a filtered scan of the primary key for as
  /// good as that of an index.
  @Test func plansDoNotDependOnStatistics() async throws {
    try await withStore(events: 0) { store, _, database in
      try await database.psql(
        """
        INSERT INTO text SELECT g, 't' || g FROM generate_series(1, 2) g;
        INSERT INTO kind VALUES (1, 1, 2, false);
        INSERT INTO lane VALUES (1, 0, 1, false);
        INSERT INTO aggregate VALUES (1, 1, 'a');
        INSERT INTO event SELECT g, g, 1, g, g, gen_random_uuid(), 1, 1, 1, 0, false, false, true, NULL, '', 'a', 0
          FROM generate_series(1, 50000) g;
        ANALYZE
        """)
      try await store.connections.perform(.lookUp) { session, _ in try checkPlans(session.connection) }
    }
  }
}
