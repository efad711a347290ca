import Evento
import EventoTesting

extension Defect {
  static let writing: [Defect] = [
    Defect("a write of nothing is taken", caughtBy: ["a write without events is missing data"]) {
      $0.write = { store, events, condition throws in
        guard !events.isEmpty else { return WriteResult(events: [], isResend: false) }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "events are returned in another order",
      caughtBy: [
        "a write returns what it stored, in the given order",
        "absent versions are the next ones",
      ]
    ) {
      $0.write = { store, events, condition throws in
        let result = try await store.write(events, condition: condition)
        return WriteResult(events: result.events.reversed(), isResend: result.isResend)
      }
    },
    Defect(
      "the response has the wrong cursor for all but the last event",
      caughtBy: [
        "a write returns what it stored, in the given order"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let result = try await store.write(events, condition: condition)
        guard let last = result.events.last else { return result }
        return WriteResult(
          events: result.events.map {
            WrittenEvent(
              id: $0.id, aggregatorType: $0.aggregatorType, aggregatorID: $0.aggregatorID, version: $0.version,
              routingKey: $0.routingKey, timestamp: $0.timestamp, cursor: last.cursor)
          }, isResend: result.isResend)
      }
    },
    Defect(
      "the events of a write are stored one by one",
      caughtBy: [
        "a refused write stores none of its events",
        "events of one write are adjacent, in its order",
      ]
    ) {
      $0.write = { store, events, condition throws in
        guard !events.isEmpty else { return try await store.write(events) }
        var results: [WriteResult] = []
        for event in events {
          results.append(try await store.write([event], condition: condition))
          await Task.yield()
        }
        return WriteResult(events: results.flatMap(\.events), isResend: results.allSatisfy(\.isResend))
      }
    },
    Defect(
      "only a hundred events of a write are stored",
      caughtBy: [
        "a write of a thousand events is stored whole",
        "a thousand events sent again are a resend",
      ]
    ) {
      $0.write = { store, events, condition throws in
        try await store.write(Array(events.prefix(100)), condition: condition)
      }
    },
    Defect(
      "after a conflict nothing can be written any more",
      caughtBy: [
        "the store stays writable after a conflict"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let key = SnapshotKey(type: "broken", revision: "1", id: "1")
        guard try await store.getSnapshot(key) == nil else { throw EventoError(.unavailable, "stuck") }
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .invalidOriginalVersion else { throw error }
          let position = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
          if let position { try await store.saveSnapshot(key, Snapshot(data: Payload(), cursor: position)) }
          throw error
        }
      }
    },
    Defect("versions are not looked at", caughtBy: ["a version must be the next one"]) {
      $0.changeEvents { $0.version = nil }
    },
    Defect(
      "a version is only looked at for being new",
      caughtBy: [
        "a version must be the next one"
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard case .versionConflict(_, _, let given, let current) = error.facts, given > current else { throw error }
          return try await store.write(
            events.map { event in
              var event = event
              event.version = nil
              return event
            }, condition: condition)
        }
      }
    },
    Defect(
      "versions are the same for all aggregates of a type",
      caughtBy: [
        "events without ids are stored each time they are written"
      ]
    ) {
      $0.changeNodes { $0.with(version: $0.version + 1) }
    },
    Defect(
      "a conflict tells the version within the write",
      caughtBy: [
        "a conflict reports the version before the write",
        "a new aggregate starts at version 1",
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard case .versionConflict(let type, let id, let given, _) = error.facts else { throw error }
          throw EventoError(
            error.code, error.detail,
            facts: .versionConflict(
              aggregatorType: type, aggregatorID: id, givenVersion: given, currentVersion: given - 1))
        }
      }
    },
    Defect(
      "of several faults the last is reported",
      caughtBy: [
        "the first event of a write with a wrong version is the one reported",
        "of several duplicates the first in the write is named",
        "versions within one write are consecutive",
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .invalidOriginalVersion || error.code == .duplicateEventID else { throw error }
          return try await store.write(events.reversed(), condition: condition)
        }
      }
    },
    Defect(
      "versions may be mixed, and out of range",
      caughtBy: [
        "events of one aggregate all have a version or all have none",
        "a version out of range is refused",
      ]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .invalidRequest else { throw error }
          return try await store.write(
            events.map { event in
              var event = event
              event.version = nil
              return event
            }, condition: condition)
        }
      }
    },
    Defect(
      "a version is checked, and written a moment later",
      caughtBy: [
        "of many writers of one version, one wins"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let log = try await store.everything()
        for event in events {
          let current = log.filter { $0.node.aggregatorID == event.aggregatorID }.count
          if events.count == 1, let version = event.version, version != current + 1 {
            return try await store.write(events, condition: condition)
          }
        }
        for _ in 0..<20 { await Task.yield() }
        return try await store.write(
          events.map { event in
            var event = event
            event.version = nil
            return event
          }, condition: condition)
      }
    },
  ]
}
