import Evento
import EventoTesting

extension Defect {
  static let cursors: [Defect] = [
    Defect(
      "a cursor of another store is the beginning",
      caughtBy: [
        "a cursor of another store is refused as the end of a read"
      ]
    ) {
      $0.read = { store, aggregators, routingKey, args throws in
        do {
          return try await store.read(aggregators, routingKey: routingKey, args: args)
        } catch let error as EventoError {
          guard error.code == .cursorNotInHistory else { throw error }
          switch args {
          case .forward(let first, _):
            return try await store.read(aggregators, routingKey: routingKey, args: .forward(first: first))
          case .backward(let last, _):
            return try await store.read(aggregators, routingKey: routingKey, args: .backward(last: last))
          }
        }
      }
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError {
          guard error.code == .cursorNotInHistory else { throw error }
          return try await store.write(
            events, condition: condition.map { WriteCondition(failIfEventsMatch: $0.failIfEventsMatch) })
        }
      }
      $0.acknowledge = { store, wish throws in
        do {
          return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
        } catch let error as EventoError {
          guard error.code == .cursorNotInHistory else { throw error }
          return try await store.acknowledge(wish.key, cursor: nil, lag: wish.lag, workerID: wish.workerID)
        }
      }
      $0.saveSnapshot = { store, key, snapshot throws in
        do {
          try await store.saveSnapshot(key, snapshot)
        } catch let error as EventoError {
          guard error.code == .cursorNotInHistory else { throw error }
          let start = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
          guard let start else { throw error }
          try await store.saveSnapshot(key, Snapshot(data: snapshot.data, cursor: start))
        }
      }
    },
    Defect(
      "a cursor that comes from its text is another position",
      caughtBy: [
        "a cursor goes through its text form"
      ]
    ) {
      $0.changePages { page, args in
        if case .forward(_, .after) = args, page.edges.count > 1 { page.edges.removeLast() }
      }
    },
    Defect(
      "cursors are numbers of their page",
      caughtBy: [
        "a cursor is at most 200 characters of A-Z, a-z, 0-9, _ and -"
      ]
    ) {
      $0.write = { store, events, condition throws in
        let result = try await store.write(events, condition: condition)
        return WriteResult(
          events: result.events.map {
            WrittenEvent(
              id: $0.id, aggregatorType: $0.aggregatorType, aggregatorID: $0.aggregatorID, version: $0.version,
              routingKey: $0.routingKey, timestamp: $0.timestamp, cursor: Cursor(content: [UInt8($0.version & 127)]))
          }, isResend: result.isResend)
      }
    },
  ]
}
