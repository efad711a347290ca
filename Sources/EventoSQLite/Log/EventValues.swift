internal import Evento
internal import EventoStorage

/// The values of an event apart from its payload: those of its row, with the texts that the row has as numbers.
///
/// The metadata is that of the row, so this is valid only until the next step of its statement.
struct EventValues {
  private let position: LogPosition
  private let id: ULID
  private let version: Int64
  private let timestamp: Timestamp
  /// `nil` if the row has another number.
  private let content: EventContent?
  private let metadata: UnsafeRawBufferPointer
  private let names: CheckedNames
  private let key: CheckedID

  /// Reads the current row of a statement that selects ``EventRow/columns``.
  init(_ row: Statement, at position: LogPosition, _ symbols: SymbolTable) throws(SQLiteFailure) {
    self.position = position
    id = row.ulid(2)
    version = row.integer(4)
    timestamp = Timestamp(milliseconds: row.integer(6))
    content = EventContent(rawValue: row.integer(7))
    metadata = row.bytes(8)
    names = try symbols.names(ofLane: row.integer(5))
    key = try symbols.key(ofAggregate: row.integer(3))
  }

  /// Returns the checksum that the row must have; `nil` if it can have none.
  func checksum(_ data: UnsafeRawBufferPointer) -> Int64? {
    guard let content else { return nil }
    return checksum(content, metadata: metadata, data: data)
  }

  /// The checksum of the row once the event is erased.
  var erasedChecksum: Int64 {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    return checksum(.erased, metadata: none, data: none)
  }

  private func checksum(
    _ content: EventContent, metadata: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer
  ) -> Int64 {
    Int64(
      EventChecksum.of(
        position, id: id, names: names.checksum, aggregatorID: key.checksum, version: version, timestamp: timestamp,
        content, metadata: metadata, data: data))
  }

  /// Passes the event to `body`.
  consuming func withView<Value>(
    _ data: UnsafeRawBufferPointer, _ body: (borrowing EventView) -> Value
  ) -> Value {
    var cursor: CursorText = (0, 0, 0, 0)
    let length = withUnsafeMutableBytes(of: &cursor) { position.writeCursorText(to: $0) }
    return withUnsafeBytes(of: &cursor) { cursor in
      // The view takes over the texts. If this closure captured them, each event would retain them once more.
      body(
        EventView(
          cursor: UnsafeRawBufferPointer(rebasing: cursor[..<length]), id: id, names: names.names,
          aggregatorID: key.text, version: Int(version), data: data, isJSON: content == .json,
          metadata: metadata.isEmpty ? Self.noMetadata : metadata, timestamp: timestamp,
          isErased: content == .erased))
    }
  }

  /// Room for the text of a cursor, which has 26 characters.
  private typealias CursorText = (UInt64, UInt64, UInt64, UInt64)

  private static var noMetadata: UnsafeRawBufferPointer {
    let text: StaticString = "{}"
    return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }
}
