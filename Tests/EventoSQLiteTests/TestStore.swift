import Evento
import EventoSQLite
import Foundation
import Testing

/// A folder that goes with the test.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("evento-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String = "store.sqlite") -> String { "\(path)/\(name)" }
}

/// Runs a test on a store in a file, or in memory, and closes it.
func withStore<T>(
  _ configuration: SQLiteConfiguration = SQLiteConfiguration(), inMemory: Bool = false,
  _ body: (SQLiteExecutor) async throws -> T
) async throws -> T {
  let folder = try TestFolder()
  let store = try await SQLiteExecutor.open(
    inMemory ? ":memory:" : folder.file(), configuration: configuration)
  let result: T
  do {
    result = try await body(store)
  } catch {
    await store.close()
    throw error
  }
  await store.close()
  return result
}

extension NewEvent {
  /// An event of `bank/Account`, unless it says otherwise.
  static func sample(
    _ aggregatorID: String = "acc-1", _ name: String = "Opened", type: String = "bank/Account", id: ULID? = nil,
    version: Int? = nil, routingKey: Routing = .inherited, data: Payload = Payload(#"{"n":1}"#),
    metadata: Metadata = Metadata(), timestamp: Timestamp? = nil
  ) -> NewEvent {
    NewEvent(
      id: id, aggregatorType: type, aggregatorID: aggregatorID, version: version, name: name, routingKey: routingKey,
      data: data, metadata: metadata, timestamp: timestamp)
  }
}

extension Executor {
  /// Every event that matches, page by page from a place on.
  func everything(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int = 1000,
    from start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = start
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .forward(first: count, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return edges }
      try #require(!page.edges.isEmpty, "a page with more behind it is never empty")
      start = .after(end)
    }
  }
}

/// The error that `body` throws; `nil` where it throws none.
func failure(_ body: () async throws -> Void) async -> EventoError? {
  do {
    try await body()
    return nil
  } catch {
    return EventoError(wrapping: error)
  }
}

/// Expects an error of a code.
func expect(
  _ code: EventoError.Code, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws -> Void
) async {
  let error = await failure(body)
  #expect(error?.code == code, sourceLocation: sourceLocation)
}
