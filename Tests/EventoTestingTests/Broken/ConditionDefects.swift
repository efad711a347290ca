import Evento
import EventoTesting

extension Defect {
  static let conditions: [Defect] = [
    Defect(
      "conditions are not looked at",
      caughtBy: [
        "a condition that an event breaks fails the write, by any of its filters"
      ]
    ) {
      $0.write = { store, events, condition throws in
        try await store.write(events, condition: condition?.failIfEventsMatch.isEmpty == true ? condition : nil)
      }
    },
    Defect(
      "every condition is broken",
      caughtBy: [
        "a condition that no event breaks lets the write pass"
      ]
    ) {
      $0.write = { store, events, condition throws in
        if condition != nil { throw EventoError.conditionFailed() }
        return try await store.write(events)
      }
    },
    Defect(
      "only the first filter of a condition counts",
      caughtBy: [
        "a condition that an event breaks fails the write, by any of its filters"
      ]
    ) {
      $0.changeCondition { $0.failIfEventsMatch = Array($0.failIfEventsMatch.prefix(1)) }
    },
    Defect(
      "a condition counts all events",
      caughtBy: [
        "a condition counts only events after its cursor",
        "a cursor of another store is refused by a condition",
      ]
    ) { $0.changeCondition { $0.after = nil } },
    Defect(
      "a condition is looked at before a resend and the versions",
      caughtBy: [
        "a wrong version is reported before a broken condition"
      ]
    ) {
      $0.write = { store, events, condition throws in
        if let condition { try await store.check(condition) }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "events of the write itself break its condition",
      caughtBy: [
        "events of the write itself do not break its condition"
      ]
    ) {
      $0.write = { store, events, condition throws in
        for filter in condition?.failIfEventsMatch ?? []
        where events.contains(where: { $0.aggregatorID == filter.aggregatorID }) {
          throw EventoError.conditionFailed()
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "a condition is looked at, and the write done a moment later",
      caughtBy: [
        "of many writers with a condition on the same cursor, one wins"
      ]
    ) {
      $0.write = { store, events, condition throws in
        guard let condition else { return try await store.write(events) }
        try await store.check(condition)
        for _ in 0..<20 { await Task.yield() }
        return try await store.write(events)
      }
    },
    Defect(
      "a condition with no filters, or too many, or bad ones, passes",
      caughtBy: [
        "a condition takes one to two hundred filters",
        "a condition with an invalid name is refused",
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .invalidRequest else { throw error }
          return try await store.write(events)
        }
      }
    },
    Defect(
      "a write that its condition fails is stored all the same",
      caughtBy: [
        "a write that its condition fails stores nothing"
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          if error.code == .conditionFailed { try await store.write(events) }
          throw error
        }
      }
    },
    Defect(
      "a conditional write is never a resend",
      caughtBy: [
        "a resend is looked at before the condition"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let result = try await store.write(events, condition: condition)
        return WriteResult(events: result.events, isResend: condition == nil)
      }
    },
    Defect(
      "an empty conditional write is taken",
      caughtBy: [
        "a write without a condition is just a write"
      ]
    ) {
      $0.write = { store, events, condition throws in
        events.isEmpty ? WriteResult(events: [], isResend: false) : try await store.write(events, condition: condition)
      }
    },
  ]
}

extension Defect.Hooks {
  fileprivate mutating func changeCondition(_ change: @escaping @Sendable (inout WriteCondition) -> Void) {
    write = { store, events, condition throws in
      guard var condition else { return try await store.write(events) }
      change(&condition)
      return try await store.write(events, condition: condition)
    }
  }
}

extension InMemoryExecutor {
  fileprivate func check(_ condition: WriteCondition) async throws {
    let start = condition.after.map { Args.Start.after($0) } ?? .beginning
    let page = try await read(condition.failIfEventsMatch, routingKey: .all, args: .forward(first: 1, after: start))
    if !page.edges.isEmpty { throw EventoError.conditionFailed() }
  }
}
