import Evento
import EventoTesting
import Foundation

extension Defect {
  static let snapshots: [Defect] = [
    Defect(
      "a snapshot that was never saved is empty",
      caughtBy: [
        "a snapshot that was never saved does not exist"
      ]
    ) {
      $0.getSnapshot = { store, key throws in
        if let snapshot = try await store.getSnapshot(key) { return snapshot }
        let start = try await store.read(nil, routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
        return start.map { Snapshot(data: Payload(), cursor: $0) }
      }
    },
    Defect(
      "there is one snapshot for all revisions",
      caughtBy: [
        "snapshots are separate by type, revision and id"
      ]
    ) {
      $0.changeSnapshotKeys { SnapshotKey(type: $0.type, revision: "1", id: $0.id) }
    },
    Defect(
      "the parts of a snapshot's key run together",
      caughtBy: [
        "a snapshot's key can contain slashes"
      ]
    ) {
      $0.changeSnapshotKeys { key in
        guard Name.error(in: key.type) == nil, Name.error(in: key.revision) == nil,
          Name.error(in: key.id) == nil
        else { return key }
        return SnapshotKey(type: String("\(key.type)/\(key.revision)/\(key.id)".suffix(250)), revision: "1", id: "1")
      }
    },
    Defect(
      "dots in a snapshot's key are steps of a path",
      caughtBy: [
        "a snapshot's key can have any names"
      ]
    ) {
      $0.changeSnapshotKeys { SnapshotKey(type: $0.type == ".." ? "." : $0.type, revision: $0.revision, id: $0.id) }
    },
    Defect(
      "snapshots' keys are normalized",
      caughtBy: [
        "snapshots' keys are compared by bytes"
      ]
    ) {
      $0.changeSnapshotKeys {
        SnapshotKey(
          type: $0.type.precomposedStringWithCanonicalMapping, revision: $0.revision,
          id: $0.id.precomposedStringWithCanonicalMapping)
      }
    },
    Defect(
      "the first snapshot is kept",
      caughtBy: [
        "a snapshot replaces the previous one",
        "a cursor of another store is refused by a snapshot",
      ]
    ) {
      $0.saveSnapshot = { store, key, snapshot throws in
        if try await store.getSnapshot(key) == nil { try await store.saveSnapshot(key, snapshot) }
      }
    },
    Defect(
      "a snapshot stands at the end of the log",
      caughtBy: [
        "a snapshot comes back as it was saved",
        "a snapshot can have any cursor that a read returned",
      ]
    ) {
      $0.saveSnapshot = { store, key, snapshot throws in
        try await store.saveSnapshot(key, snapshot)
        let end = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .now)).pageInfo.endCursor
        if let end { try await store.saveSnapshot(key, Snapshot(data: snapshot.data, cursor: end)) }
      }
    },
    Defect(
      "a snapshot's payload is taken for text",
      caughtBy: [
        "a snapshot's payload can be any bytes"
      ]
    ) {
      $0.saveSnapshot = { store, key, snapshot throws in
        let data = Payload(String(decoding: snapshot.data.bytes, as: UTF8.self))
        try await store.saveSnapshot(key, Snapshot(data: data, cursor: snapshot.cursor))
      }
    },
    Defect(
      "snapshots' keys out of form are taken",
      caughtBy: [
        "an invalid snapshot's key is refused"
      ]
    ) {
      $0.getSnapshot = { store, key throws in
        do {
          return try await store.getSnapshot(key)
        } catch let error as EventoError {
          return nil
        }
      }
    },
    Defect(
      "deleting a snapshot does nothing",
      caughtBy: [
        "a snapshot that is deleted is gone, and no other"
      ]
    ) { $0.deleteSnapshot = { _, _ in } },
    Defect(
      "deleting a snapshot that does not exist succeeds",
      caughtBy: [
        "a snapshot that does not exist can't be deleted"
      ]
    ) {
      $0.deleteSnapshot = { store, key throws in
        if try await store.getSnapshot(key) != nil { try await store.deleteSnapshot(key) }
      }
    },
  ]

  static let readiness: [Defect] = [
    Defect(
      "asking for readiness writes an event",
      caughtBy: [
        "a writable store is ready, and the check leaves no trace"
      ]
    ) {
      $0.readiness = { store throws in
        try await store.write([NewEvent(aggregatorType: "probe", aggregatorID: "probe", name: "Probed")])
      }
    }
  ]

  static let all: [Defect] =
    writing + identity + form + content + filters + pages + cursors + order + conditions + subscribers
    + acknowledgements + directory + snapshots + erasure + readiness + following
}

extension Defect.Hooks {
  fileprivate mutating func changeSnapshotKeys(_ change: @escaping @Sendable (SnapshotKey) -> SnapshotKey) {
    getSnapshot = { store, key throws in try await store.getSnapshot(change(key)) }
    saveSnapshot = { store, key, snapshot throws in try await store.saveSnapshot(change(key), snapshot) }
    deleteSnapshot = { store, key throws in try await store.deleteSnapshot(change(key)) }
  }
}
