import Evento
import EventoTesting
import Foundation
import Synchronization
import Testing

@testable import EventoSQLite

/// Erased bytes are in no file of the store once the erasure has returned.
@Suite(.timeLimit(.minutes(2))) struct ErasureTests {
  /// A text that occurs in nothing else, and payloads and metadata that are full of it.
  private struct Marker {
    let text: String

    init(_ name: String) { text = "<\(name)-\(UUID().uuidString)>" }

    func payload(_ size: Int) -> Payload {
      Payload("\"" + String(repeating: text, count: size / text.utf8.count + 1) + "\"")
    }

    func metadata(_ size: Int) throws -> Metadata {
      try Metadata(json: "{\"requested_by\":\"\(String(repeating: text, count: size / text.utf8.count + 1))\"}")
    }

    /// Returns the names of the files of a folder that have it.
    func files(in folder: TestFolder) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { name in
        try Data(contentsOf: URL(filePath: folder.file(name))).range(of: Data(text.utf8)) != nil
      }
    }
  }

  /// Ends the tasks of a test.
  private final class End: Sendable {
    let hasCome = Atomic(false)
  }

  private static let sizes = [1, 100, 1000, 4000, 4096, 20_000, 3_000_000]

  @Test func erasedBytesAreInNoFile() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let (erased, kept) = (Marker("erased"), Marker("kept"))
    var resend: [NewEvent] = []
    for size in Self.sizes {
      let events = [
        NewEvent.sample("ada", id: ULID(), data: erased.payload(size)),
        .sample("ada", id: ULID(), metadata: try erased.metadata(size)),
        .sample("bob", data: kept.payload(size), metadata: try kept.metadata(size)),
      ]
      try await store.write(events)
      resend = Array(events[..<2])
    }
    #expect(try await store.write(resend).isResend)
    await expect(.duplicateEventID) {
      try await store.write([.sample("ada", id: resend[0].id, data: erased.payload(7))])
    }
    #expect(try !erased.files(in: folder).isEmpty)
    let result = try await store.eraseAggregate(type: "bank/Account", id: "ada")
    #expect(result == ErasureResult(events: 2 * Self.sizes.count, snapshots: 0))
    #expect(try erased.files(in: folder) == [])
    #expect(try kept.files(in: folder) == ["store.sqlite"])
    // The store goes on, with a log that begins anew.
    for number in 1...50 { try await store.write([.sample("ada", data: Payload("\(number)"))]) }
    try await store.checkReadiness()
    #expect(try erased.files(in: folder) == [])
    await store.close()
    #expect(try erased.files(in: folder) == [])
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    #expect(try connection.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
    connection.close()
  }

  /// Neither what it has, nor what it had before it was replaced or deleted.
  @Test(arguments: 0..<4) func nothingOfASnapshotIsLeft(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let ids = (0..<40).map { "id-\($0)" }
    let markers = ids.map { Marker($0) }
    let cursor = try await store.write(ids.map { .sample($0) }).events[0].cursor
    let size = seed < 3 ? 600 : 6000
    for _ in 0..<800 {
      let index = Int.random(in: ids.indices, using: &random)
      let key = SnapshotKey(type: "t", revision: "\(Int.random(in: 1...2, using: &random))", id: ids[index])
      if Int.random(in: 0..<12, using: &random) == 0 {
        // Most of them are there.
        _ = await failure { () throws in try await store.deleteSnapshot(key) }
      } else {
        let data = markers[index].payload(Int.random(in: 1...size, using: &random))
        try await store.saveSnapshot(key, Snapshot(data: data, cursor: cursor))
      }
    }
    for (id, marker) in zip(ids, markers).prefix(20) {
      try await store.eraseAggregate(type: "bank/Account", id: id, snapshotTypes: ["t"])
      #expect(try marker.files(in: folder) == [], "\(id)")
    }
    await store.close()
    for (id, marker) in zip(ids, markers).prefix(20) { #expect(try marker.files(in: folder) == [], "\(id)") }
  }

  @Test func writersAndReadersGoOnBesideAnErasure() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let marker = Marker("erased")
    let end = End()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          while !end.hasCome.load(ordering: .relaxed), !Task.isCancelled {
            try await store.write([
              .sample("writer-\(writer)", data: Payload("\"\(String(repeating: "x", count: 300))\""))
            ])
          }
        }
      }
      group.addTask {
        while !end.hasCome.load(ordering: .relaxed), !Task.isCancelled {
          for round in 1...5 {
            // All of an aggregate or nothing: a page is read in one transaction.
            let page = try await store.read(
              [ReadAggregator("bank/Account", id: "ada-\(round)")], routingKey: .all, args: .forward(first: 1000))
            #expect(Set(page.edges.map(\.node.isErased)).count <= 1)
          }
        }
      }
      for round in 1...5 {
        try await store.write((0..<200).map { _ in .sample("ada-\(round)", data: marker.payload(200)) })
        let result = try await store.eraseAggregate(type: "bank/Account", id: "ada-\(round)")
        #expect(result.events == 200, "round \(round)")
        #expect(try marker.files(in: folder) == [], "round \(round)")
      }
      end.hasCome.store(true, ordering: .relaxed)
      try await group.waitForAll()
    }
    await store.close()
  }

  /// A backup, or another process, reads for as long as it wants to.
  @Test func anErasureSaysThatTheLogIsHeldAndEndsWhenItIsCalledAgain() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let marker = Marker("erased")
    try await store.write([.sample("ada", data: marker.payload(100)), .sample("ada", data: marker.payload(100_000))])
    let other = try Connection(path: folder.file(), busyTimeout: .zero, for: .writing)
    try other.beginSnapshot()
    #expect(try other.integer("SELECT count(*) FROM event") == 2)
    let error = await failure { () throws in try await store.eraseAggregate(type: "bank/Account", id: "ada") }
    #expect(error?.code == .unavailable && error?.isTransient == true)
    #expect(error?.detail.hasPrefix("The aggregate is erased for every reader, but its bytes are still in ") == true)
    #expect(try await store.everything().allSatisfy(\.node.isErased))
    #expect(try !marker.files(in: folder).isEmpty)
    try await store.write([.sample("bob")])
    other.endSnapshot()
    other.close()
    #expect(try await store.eraseAggregate(type: "bank/Account", id: "ada") == ErasureResult(events: 0, snapshots: 0))
    #expect(try marker.files(in: folder) == [])
    try await store.write([.sample("bob")])
    await store.close()
  }

  /// It looks up one row for each revision, however many snapshots there are.
  @Test func snapshotsAreFoundByTheirIndex() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let plan = try connection.all("EXPLAIN QUERY PLAN " + SnapshotTable.eraseStatement) { $0.text(3) }
    #expect(plan.count { $0.hasPrefix("SEARCH snapshot USING ") } == 3, "\(plan)")
    #expect(!plan.contains { $0.contains("SCAN snapshot") || $0.contains("TEMP B-TREE") }, "\(plan)")
    connection.close()
  }

  @Test func whatIsErasedAlreadyIsNotChangedAgain() async throws {
    try await withStore { store in
      try await store.write((0..<600).map { _ in .sample("ada") })
      #expect(try await store.eraseAggregate(type: "bank/Account", id: "ada").events == 600)
      try await store.write([.sample("ada"), .sample("bob"), .sample("ada")])
      #expect(try await store.eraseAggregate(type: "bank/Account", id: "ada").events == 2)
      #expect(try await store.eraseAggregate(type: "bank/Account", id: "ada").events == 0)
      #expect(try await store.everything().count { !$0.node.isErased } == 1)
    }
  }

  /// An earlier version would take the row for an event with an empty payload.
  @Test func anEarlierVersionRefusesTheStore() async throws {
    let folder = try TestFolder()
    await (try await SQLiteExecutor.open(folder.file())).close()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    #expect(try (connection.integer("PRAGMA user_version") ?? 0) >= 3)
    connection.close()
  }
}
