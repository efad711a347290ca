import Evento
import EventoTesting

extension Defect {
  static let identity: [Defect] = [
    Defect(
      "a resend is stored again",
      caughtBy: [
        "a resend returns the first result, and stores nothing"
      ]
    ) {
      $0.write = { store, events, condition throws in
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
      "a resend is not marked as one",
      caughtBy: [
        "a resend returns the first result, and stores nothing",
        "a resend is recognized after later events",
      ]
    ) {
      $0.write = { store, events, condition throws in
        WriteResult(events: try await store.write(events, condition: condition).events, isResend: false)
      }
    },
    Defect(
      "every write says that it is a resend",
      caughtBy: [
        "a write returns what it stored, in the given order",
        "of many senders of the same write, one stores it and all get its result",
      ]
    ) {
      $0.write = { store, events, condition throws in
        WriteResult(events: try await store.write(events, condition: condition).events, isResend: true)
      }
    },
    Defect(
      "a stored id is a duplicate, whatever its content",
      caughtBy: [
        "a resend returns the first result, and stores nothing"
      ]
    ) {
      $0.write = { store, events, condition throws in
        for event in events {
          if let id = event.id, try await store.event(id) != nil { throw EventoError.duplicateEvent(id, "is stored") }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "a stored id is a resend, whatever its content",
      caughtBy: [
        "an id stored with other bytes is a duplicate",
        "an id stored with another aggregate or name is a duplicate",
        "a resend is compared by bytes",
      ]
    ) {
      $0.write = { store, events, condition throws in
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
        "absent members of a resend match any stored value"
      ]
    ) {
      $0.write = { store, events, condition throws in
        for event in events {
          guard let id = event.id, let stored = try await store.event(id)?.node else { continue }
          if event.version == nil || event.timestamp == nil || event.routingKey != .value(stored.routingKey) {
            throw EventoError.duplicateEvent(id, "is stored")
          }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect(
      "a resend is told by its first event",
      caughtBy: [
        "a resend can regroup its events"
      ]
    ) {
      $0.write = { store, events, condition throws in
        guard let id = events.first?.id, let edge = try await store.event(id) else {
          return try await store.write(events, condition: condition)
        }
        let all = try await store.everything()
        guard let position = all.firstIndex(of: edge) else { return try await store.write(events) }
        let events = all[position...].prefix(events.count).map { edge in
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
        "a write that is only partly stored is a duplicate"
      ]
    ) {
      $0.write = { store, events, condition throws in
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
      $0.write = { store, events, condition throws in
        var seen: Set<ULID> = []
        return try await store.write(
          events.filter { event in event.id.map { seen.insert($0).inserted } ?? true }, condition: condition)
      }
    },
    Defect(
      "versions are looked at before a resend",
      caughtBy: [
        "a resend is detected before versions are checked"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let log = try await store.everything()
        for event in events {
          let current = log.filter { $0.node.aggregatorID == event.aggregatorID }.count
          if let version = event.version, version <= current {
            throw EventoError.versionConflict(on: event, given: version, current: current, next: current + 1)
          }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect("given ids are replaced", caughtBy: ["a given id is kept"]) { $0.changeEvents { $0.id = nil } },
    Defect(
      "ids that are left out are all the same",
      caughtBy: [
        "absent ids are generated, and unique"
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
      $0.event = { store, _ throws in
        let position = Cursor(content: [1])
        let event = Event(
          id: ULID(), aggregatorType: "t", aggregatorID: "i", version: 1, name: "n", routingKey: nil, data: Payload(),
          metadata: Metadata(), timestamp: .now())
        return try await store.everything().first ?? Edge(cursor: position, node: event)
      }
    },
    Defect(
      "an event that is found has the cursor of the log's end",
      caughtBy: [
        "an event is found by its id"
      ]
    ) {
      $0.event = { store, id throws in
        guard var edge = try await store.event(id), let last = try await store.everything().last else { return nil }
        edge.cursor = last.cursor
        return edge
      }
    },
  ]
}
