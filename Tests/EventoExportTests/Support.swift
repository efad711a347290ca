import Evento
import EventoExport
import EventoSQLite
import EventoWire
import Synchronization
import Testing

/// Runs a test on an empty store in memory.
func withStore<Value>(_ body: (SQLiteExecutor) async throws -> Value) async throws -> Value {
  let store = try await SQLiteExecutor.open(":memory:")
  let value: Value
  do {
    value = try await body(store)
  } catch {
    await store.close()
    throw error
  }
  await store.close()
  return value
}

/// Exports a store.
func export(
  _ store: SQLiteExecutor, _ filter: ExportHeader.Filter? = nil, all: Bool = false
) async throws -> [UInt8] {
  let bytes = Mutex<[UInt8]>([])
  _ = try await LogExport(of: store, filter: filter, withRowsOf: all ? store : nil, createdBy: "tests")
    .write { part in bytes.withLock { $0 += part } }
  return bytes.withLock(\.self)
}

/// Returns an input that returns bytes in pieces.
func input(_ bytes: [UInt8], pieces: Int = 1 << 20) -> ExportInput {
  let rest = Mutex(bytes[...])
  return ExportInput(name: "e.ndjson") {
    rest.withLock { rest in
      let piece = Array(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      return piece
    }
  }
}

@discardableResult
func load(
  _ bytes: [UInt8], into store: any Executor, all: Bool = false, pieces: Int = 1 << 20
) async throws -> LogImport.Result {
  let source = input(bytes, pieces: pieces)
  let target = ImportTarget(store, name: "target", source: source.name)
  return try await LogImport(from: source, source.contents(), into: target, withRows: all).run()
}

func events(of store: any Executor) async throws -> [Event] {
  try await store.read(nil, routingKey: .all, args: .forward(first: 10_000)).edges.map(\.node)
}

/// The detail of the error that `body` throws.
func detail(_ body: () async throws -> Void) async -> String? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? EventoError)?.detail ?? "\(error)"
  }
}

enum Sample {
  /// Payloads that an encoder could change.
  static let payloads: [[UInt8]] =
    [
      [], Array(UInt8.min...UInt8.max), Array("not JSON".utf8), [0xFF, 0xFE], [0xED, 0xA0, 0x80], Array("null".utf8),
      Array("\"\"".utf8), Array("{ \"a\" : 1 ,\t\"a\":2, \"b\":[ ] }".utf8), Array("{\n\"a\":\r\n1}".utf8),
      Array(" 1".utf8), Array("1\n".utf8), Array("1.10".utf8), Array("1E2".utf8), Array("-0.0e-0".utf8),
      Array(String(repeating: "9", count: 400).utf8), Array("\"\\u0041\\ud800\\/\\\"\"".utf8),
      Array("\"\u{2028}\u{2029}\u{85}\u{FEFF}é😀\"".utf8), Array("\u{FEFF}1".utf8),
      Array((String(repeating: "[", count: 128) + String(repeating: "]", count: 128)).utf8),
      Array((String(repeating: "[", count: 129) + String(repeating: "]", count: 129)).utf8),
    ] + (UInt8.min...UInt8.max).map { [$0] }

  static let metadata: [String] = [
    "{}", "{ }", "{\"a\": 1}", "{\n  \"a\": [1,\r\n2]\n}", "{\"\u{2028}\":\"\u{2029}\u{85}\"}",
    "{\"requested_by\":\"\\ud800\",\"n\":1.10}",
  ]

  /// Events of several aggregates, in several commits.
  static func fill(_ store: any Executor) async throws {
    for (index, payload) in payloads.enumerated() {
      try await store.write([
        NewEvent(
          aggregatorType: index % 3 == 0 ? "bank/Account" : "t \"ü\\\u{2028}", aggregatorID: "\(index % 7)",
          name: "n\(index % 2)", routingKey: index % 7 == 1 ? .value("k\u{85}") : .value(nil), data: Payload(payload),
          metadata: try Metadata(json: metadata[index % metadata.count]),
          timestamp: Timestamp(milliseconds: Int64(index) * 987_654_321))
      ])
    }
  }
}
