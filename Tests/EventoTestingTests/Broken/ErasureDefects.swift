import Evento
import EventoTesting
import Foundation

extension Defect {
  static let erasure: [Defect] = [
    Defect(
      "erasing does nothing",
      caughtBy: [
        "an erased event has everything but its payload and metadata",
        "each event is erased once, also one without a payload",
        "an aggregate of many events is erased whole", "followers get erased events without their payload",
      ]
    ) {
      $0.erase = { store, type, id, _ throws in
        let events = try await store.everything().count {
          $0.node.aggregatorType == type && $0.node.aggregatorID == id && !$0.node.isErased
        }
        guard events > 0 else { throw EventoError.aggregatorNotFound(type: type, id: id) }
        return ErasureResult(events: events, snapshots: 0)
      }
    },
    Defect(
      "erased events lose their timestamps", caughtBy: ["an erased event has everything but its payload and metadata"]
    ) {
      $0.changeNodes { $0.isErased ? $0.with(timestamp: Timestamp(seconds: 0)) : $0 }
    },
    Defect(
      "an event that is found by its id does not say that it was erased",
      caughtBy: ["an erased event is found by its id, without its payload and metadata"]
    ) {
      $0.event = { store, id throws in
        guard let edge = try await store.event(id) else { return nil }
        return Edge(cursor: edge.cursor, node: edge.node.with(isErased: false))
      }
    },
    Defect(
      "events without a payload count as erased",
      caughtBy: ["each event is erased once, also one without a payload"]
    ) {
      $0.erase = { store, type, id, types throws in
        let empty = try await store.everything().count {
          $0.node.aggregatorType == type && $0.node.aggregatorID == id && !$0.node.isErased
            && $0.node.data.bytes.isEmpty
        }
        var result = try await store.eraseAggregate(type: type, id: id, snapshotTypes: types)
        result.events -= empty
        return result
      }
    },
    Defect(
      "an erasure of an aggregate without events succeeds",
      caughtBy: ["an aggregate without events can't be erased, and keeps its snapshots"]
    ) {
      $0.erase = { store, type, id, types throws in
        do {
          return try await store.eraseAggregate(type: type, id: id, snapshotTypes: types)
        } catch let error as EventoError where error.code == .aggregatorNotFound {
          return ErasureResult(events: 0, snapshots: 0)
        }
      }
    },
    Defect(
      "only snapshots of one revision are erased",
      caughtBy: ["snapshots of the given types with the aggregate's id are erased, of every revision"]
    ) {
      $0.erase = { store, type, id, types throws in
        var result = try await store.eraseAggregate(type: type, id: id)
        for type in types {
          let key = SnapshotKey(type: type, revision: "1", id: id)
          guard try await store.getSnapshot(key) != nil else { continue }
          try await store.deleteSnapshot(key)
          result.snapshots += 1
        }
        return result
      }
    },
    Defect("the id of an erasure is normalized", caughtBy: ["the names of an erasure are compared by bytes"]) {
      $0.erase = { store, type, id, types throws in
        var result = try await store.eraseAggregate(type: type, id: id, snapshotTypes: types)
        for edge in try await store.everything() where edge.node.aggregatorType == type && edge.node.aggregatorID == id
        {
          result.events += try await store.eraseAggregate(type: type, id: edge.node.aggregatorID).events
        }
        return result
      }
    },
    Defect(
      "an event is a resend of the erased one with its id",
      caughtBy: ["a resend that contains an erased event is refused"]
    ) {
      $0.write = { store, events, condition throws in
        do {
          return try await store.write(events, condition: condition)
        } catch let error as EventoError where error.code == .duplicateEventID {
          guard case .event(let id) = error.facts, let edge = try await store.event(id), edge.node.isErased else {
            throw error
          }
          return WriteResult(
            events: [
              WrittenEvent(
                id: id, aggregatorType: edge.node.aggregatorType, aggregatorID: edge.node.aggregatorID,
                version: edge.node.version, routingKey: edge.node.routingKey, timestamp: edge.node.timestamp,
                cursor: edge.cursor)
            ], isResend: true)
        }
      }
    },
    Defect("an erased aggregate begins anew", caughtBy: ["an erased aggregate goes on as before"]) {
      $0.write = { store, events, condition throws in
        var events = events
        for index in events.indices {
          let filter = ReadAggregator(events[index].aggregatorType, id: events[index].aggregatorID)
          let last = try? await store.read([filter], routingKey: .all, args: .backward(last: 1)).edges.last
          if last?.node.isErased == true { events[index].version = 1 }
        }
        return try await store.write(events, condition: condition)
      }
    },
    Defect("erased events match no conditions", caughtBy: ["erased events match conditions"]) {
      $0.write = { store, events, condition throws in
        let areErased = try await store.everything().contains { $0.node.isErased }
        return try await store.write(events, condition: areErased ? nil : condition)
      }
    },
    Defect("cursors of erased events are not in history", caughtBy: ["cursors from before an erasure stay valid"]) {
      $0.read = { store, aggregators, routingKey, args throws in
        if case .forward(_, .after(let cursor)) = args,
          try await store.everything().contains(where: { $0.cursor == cursor && $0.node.isErased })
        {
          throw EventoError.cursorNotInHistory()
        }
        return try await store.read(aggregators, routingKey: routingKey, args: args)
      }
    },
    Defect(
      "any number of types of snapshots can be erased", caughtBy: ["an erasure with invalid arguments is refused"]
    ) {
      $0.erase = { store, type, id, types throws in
        try await store.eraseAggregate(
          type: type, id: id, snapshotTypes: Array(types.prefix(ErasureResult.maximumSnapshotTypes)))
      }
    },
  ]
}
