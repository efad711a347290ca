import Evento
import EventoTesting
import Foundation

extension Defect {
  static let writing: [Defect] = [
    Defect("a write of nothing is taken", caughtBy: ["a write of nothing is missing data"]) {
      $0.write = { store, events, condition throws(EventoError) in
        guard !events.isEmpty else { return WriteResult(events: [], isResend: false) }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "events are answered in another order",
      caughtBy: [
        "a write answers what it stored, in the order given",
        "versions that are left out are the next ones",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        let result = try await store.write(events, condition: condition)
        return WriteResult(events: result.events.reversed(), isResend: result.isResend)
      }
    },
    Defect(
      "the answer has the wrong cursor for all but the last event",
      caughtBy: [
        "a write answers what it stored, in the order given"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
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
        "a write that is refused stores none of its events",
        "events of one write stand together, in its order",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
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
      $0.write = { store, events, condition throws(EventoError) in
        try await store.write(Array(events.prefix(100)), condition: condition)
      }
    },
    Defect(
      "after a conflict nothing can be written any more",
      caughtBy: [
        "a write that is cut off by a conflict leaves the store writable"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        let key = SnapshotKey(type: "broken", revision: "1", id: "1")
        guard try await store.getSnapshot(key) == nil else { throw EventoError(.unavailable, "stuck") }
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
          guard error.code == .invalidOriginalVersion else { throw error }
          let place = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
          if let place { try await store.saveSnapshot(key, Snapshot(data: Payload(), cursor: place)) }
          throw error
        }
      }
    },
    Defect("versions are not looked at", caughtBy: ["a version that is given must be the next one"]) {
      $0.changeEvents { $0.version = nil }
    },
    Defect(
      "a version is only looked at for being new",
      caughtBy: [
        "a version that is given must be the next one"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
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
        "a conflict tells the version before the write",
        "a new aggregate begins at version 1",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
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
        "versions within one write go on from each other",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
          guard error.code == .invalidOriginalVersion || error.code == .duplicateEventID else { throw error }
          return try await store.write(events.reversed(), condition: condition)
        }
      }
    },
    Defect(
      "versions may be mixed, and out of range",
      caughtBy: [
        "events of one aggregate carry a version all or none",
        "a version out of range is refused",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
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
      $0.write = { store, events, condition throws(EventoError) in
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

  static let identity: [Defect] = [
    Defect(
      "a resend is stored again",
      caughtBy: [
        "a write sent again is answered as the first time, and stores nothing"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var fresh: [NewEvent] = []
        for event in events {
          var event = event
          if let id = event.id, try await store.event(id) != nil { (event.id, event.version) = (nil, nil) }
          fresh.append(event)
        }
        return try await store.write(fresh, condition: condition)
      }
    },
    Defect(
      "a resend does not say that it is one",
      caughtBy: [
        "a write sent again is answered as the first time, and stores nothing",
        "a resend stays one after its aggregate has gone on",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        WriteResult(events: try await store.write(events, condition: condition).events, isResend: false)
      }
    },
    Defect(
      "every write says that it is a resend",
      caughtBy: [
        "a write answers what it stored, in the order given",
        "of many that send the same write, one stores it and all get its answer",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        WriteResult(events: try await store.write(events, condition: condition).events, isResend: true)
      }
    },
    Defect(
      "a stored id is a duplicate, whatever its content",
      caughtBy: [
        "a write sent again is answered as the first time, and stores nothing"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        for event in events {
          if let id = event.id, try await store.event(id) != nil { throw .duplicateEvent(id, "is stored") }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "a stored id is a resend, whatever its content",
      caughtBy: [
        "an id that is stored with other bytes is a duplicate",
        "an id that is stored for another aggregate or name is a duplicate",
        "a resend is compared by bytes",
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var same: [NewEvent] = []
        for event in events {
          guard let id = event.id, let stored = try await store.event(id)?.node else {
            same.append(event)
            continue
          }
          same.append(
            NewEvent(
              id: id, aggregatorType: stored.aggregatorType, aggregatorID: stored.aggregatorID, name: stored.name,
              data: stored.data, metadata: stored.metadata))
        }
        return try await store.write(same, condition: condition)
      }
    },
    Defect(
      "a resend has to give all that is stored",
      caughtBy: [
        "members that a resend leaves out agree with whatever is stored"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        for event in events {
          guard let id = event.id, let stored = try await store.event(id)?.node else { continue }
          if event.version == nil || event.timestamp == nil || event.routingKey != .value(stored.routingKey) {
            throw .duplicateEvent(id, "is stored")
          }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "a resend is told by its first event",
      caughtBy: [
        "a resend is one however its events are put together"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        guard let id = events.first?.id, let edge = try await store.event(id) else {
          return try await store.write(events, condition: condition)
        }
        let all = try await store.everything()
        guard let place = all.firstIndex(of: edge) else { return try await store.write(events) }
        let events = all[place...].prefix(events.count).map { edge in
          WrittenEvent(
            id: edge.node.id, aggregatorType: edge.node.aggregatorType, aggregatorID: edge.node.aggregatorID,
            version: edge.node.version, routingKey: edge.node.routingKey, timestamp: edge.node.timestamp,
            cursor: edge.cursor)
        }
        return WriteResult(events: events, isResend: true)
      }
    },
    Defect(
      "what is stored of a write is left out of it",
      caughtBy: [
        "a write of which only a part is stored is a duplicate"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var fresh: [NewEvent] = []
        for event in events {
          if let id = event.id, try await store.event(id) != nil { continue }
          fresh.append(event)
        }
        return try await store.write(fresh.isEmpty ? events : fresh, condition: condition)
      }
    },
    Defect(
      "an id twice in a write counts once",
      caughtBy: [
        "an id twice in one write is a duplicate"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var seen: Set<ULID> = []
        return try await store.write(
          events.filter { event in event.id.map { seen.insert($0).inserted } ?? true }, condition: condition)
      }
    },
    Defect(
      "versions are looked at before a resend",
      caughtBy: [
        "a resend is looked at before the versions"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        let log = try await store.everything()
        for event in events {
          let current = log.filter { $0.node.aggregatorID == event.aggregatorID }.count
          if let version = event.version, version <= current {
            throw .versionConflict(on: event, given: version, current: current, next: current + 1)
          }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect("given ids are replaced", caughtBy: ["an id that is given is kept"]) { $0.changeEvents { $0.id = nil } },
    Defect(
      "ids that are left out are all the same",
      caughtBy: [
        "ids that are left out are made, and never twice"
      ]
    ) {
      $0.changeNodes {
        Event(
          id: ULID(high: 0, low: 7), aggregatorType: $0.aggregatorType, aggregatorID: $0.aggregatorID,
          version: $0.version, name: $0.name, routingKey: $0.routingKey, data: $0.data, metadata: $0.metadata,
          timestamp: $0.timestamp)
      }
    },
    Defect("an event is not found by its id", caughtBy: ["an event is found by its id"]) { $0.event = { _, _ in nil } },
    Defect("any id finds an event", caughtBy: ["an id that is not stored is not found"]) {
      $0.event = { store, _ throws(EventoError) in
        let place = Cursor(place: [1])
        let event = Event(
          id: ULID(), aggregatorType: "t", aggregatorID: "i", version: 1, name: "n", routingKey: nil, data: Payload(),
          metadata: Metadata(), timestamp: .now())
        return try await store.everything().first ?? Edge(cursor: place, node: event)
      }
    },
    Defect(
      "an event that is found has the cursor of the log's end",
      caughtBy: [
        "an event is found by its id"
      ]
    ) {
      $0.event = { store, id throws(EventoError) in
        guard var edge = try await store.event(id), let last = try await store.everything().last else { return nil }
        edge.cursor = last.cursor
        return edge
      }
    },
  ]

  static let form: [Defect] = [
    Defect(
      "long names are cut off",
      caughtBy: [
        "names that are empty or longer than 255 bytes are refused",
        "names of 255 bytes are taken, and kept exactly",
      ]
    ) {
      $0.changeEvents {
        $0.aggregatorType = String($0.aggregatorType.prefix(200))
        $0.aggregatorID = String($0.aggregatorID.prefix(200))
        $0.name = String($0.name.prefix(200))
      }
    },
    Defect(
      "empty names are filled in",
      caughtBy: [
        "names that are empty or longer than 255 bytes are refused"
      ]
    ) {
      $0.changeEvents {
        if $0.aggregatorID.isEmpty { $0.aggregatorID = "-" }
        if $0.name.isEmpty { $0.name = "-" }
      }
    },
    Defect(
      "control characters are taken out of names",
      caughtBy: [
        "names with control characters are refused"
      ]
    ) {
      $0.changeEvents { event in
        func clean(_ text: String) -> String {
          String(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        }
        event.aggregatorID = clean(event.aggregatorID)
        event.name = clean(event.name)
      }
    },
    Defect("names are percent-decoded", caughtBy: ["names may hold every other character"]) {
      $0.changeEvents { $0.name = $0.name.removingPercentEncoding ?? $0.name }
    },
    Defect(
      "timestamps are whole seconds",
      caughtBy: [
        "timestamps may be any millisecond from 1970 to 9999",
        "members that the store filled in may be given in a resend",
        "an id that is stored with another version, key or time is a duplicate",
      ]
    ) {
      $0.changeEvents { $0.timestamp = $0.timestamp.map { Timestamp(seconds: $0.seconds) } }
    },
    Defect(
      "timestamps out of range are those of the write",
      caughtBy: [
        "timestamps out of range are refused"
      ]
    ) {
      $0.changeEvents {
        if let time = $0.timestamp, time.milliseconds < 0 || time.seconds > 253_402_300_799 { $0.timestamp = nil }
      }
    },
    Defect(
      "the time of a write is not kept",
      caughtBy: [
        "timestamps may be any millisecond from 1970 to 9999"
      ]
    ) { $0.changeNodes { $0.with(timestamp: .now()) } },
    Defect(
      "a timestamp that is left out is zero",
      caughtBy: [
        "a timestamp that is left out is that of the write"
      ]
    ) {
      $0.changeEvents { if $0.timestamp == nil { $0.timestamp = Timestamp(milliseconds: 0) } }
    },
    Defect(
      "routing keys are not inherited",
      caughtBy: [
        "a routing key is inherited from the aggregate's latest event",
        "a routing key is inherited within one write",
      ]
    ) {
      $0.changeEvents { if $0.routingKey == .inherited { $0.routingKey = .value(nil) } }
    },
    Defect(
      "every aggregate has a routing key",
      caughtBy: [
        "a new aggregate has no routing key unless it is given one",
        "no routing key, given in so many words, is inherited too",
      ]
    ) {
      $0.changeEvents { if $0.routingKey == .value(nil) { $0.routingKey = .value("default") } }
    },
    Defect(
      "an aggregate's first routing key holds for ever",
      caughtBy: [
        "a routing key is inherited from the aggregate's latest event"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var known: [String: String?] = [:]
        for edge in try await store.everything() where known[edge.node.aggregatorID] == nil {
          known[edge.node.aggregatorID] = .some(edge.node.routingKey)
        }
        var changed: [NewEvent] = []
        for var event in events {
          if let key = known[event.aggregatorID] { event.routingKey = .value(key) }
          if case .value(let key) = event.routingKey, known[event.aggregatorID] == nil {
            known[event.aggregatorID] = .some(key)
          }
          changed.append(event)
        }
        return try await store.write(changed, condition: condition)
      }
    },
    Defect(
      "a routing key is inherited by the id alone",
      caughtBy: [
        "aggregates of the same id and different types inherit apart"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        var known: [String: String?] = [:]
        for edge in try await store.everything() { known[edge.node.aggregatorID] = .some(edge.node.routingKey) }
        let changed = events.map { event in
          var event = event
          if event.routingKey == .inherited, let key = known[event.aggregatorID] { event.routingKey = .value(key) }
          return event
        }
        return try await store.write(changed, condition: condition)
      }
    },
    Defect(
      "a routing key of a refused write stays",
      caughtBy: [
        "a refused write leaves the routing key as it was"
      ]
    ) {
      $0.write = { store, events, condition throws(EventoError) in
        do throws(EventoError) {
          return try await store.write(events, condition: condition)
        } catch {
          guard error.code == .invalidOriginalVersion, case .value(let key?) = events.first?.routingKey else {
            throw error
          }
          try await store.write([
            NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "x", routingKey: .value(key))
          ])
          throw error
        }
      }
    },
  ]
}
