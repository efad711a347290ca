internal import Evento
internal import EventoStorage

/// The source of an import: an export, or the store of another program.
package protocol ImportSource: Sendable {
  var name: SourceName { get }

  /// Called first.
  func contents() async throws -> ImportContents

  /// Returns the next part. Nothing is called after the last one.
  func nextBatch() async throws -> ImportBatch
}

/// The contents of a source.
package struct ImportContents: Sendable {
  /// True for a whole log; false for some of the events of one.
  let isWhole: Bool
  /// True if subscribers and snapshots are included.
  let hasRows: Bool
}

/// A part of a source.
package struct ImportBatch: Sendable {
  var events: [NumberedEvent] = []
  var subscribers: [ImportedRow<Subscriber>] = []
  var snapshots: [ImportedRow<KeyedSnapshot>] = []
  /// True for the last one.
  var isLast = false
  /// The completed fraction of the source, 0 to 1, if it is known.
  var progress: Double?

  var count: Int { events.count + subscribers.count + snapshots.count }
}

/// An event with its number in the source.
struct NumberedEvent: Sendable {
  let number: Int
  let event: Event
}

/// A subscriber or a snapshot, with its number in the source and the event at its position.
struct ImportedRow<Row: Sendable>: Sendable {
  let number: Int
  let row: Row
  /// `nil` for the beginning of the log.
  let event: ULID?
}

/// The name of a source in errors.
package struct SourceName: Sendable {
  let name: String
  /// The word for its numbered parts: `line`.
  let unit: String

  func place(_ number: Int) -> String { "\(name), \(unit) \(number)" }

  func places(_ first: Int, _ last: Int) -> String {
    first == last ? place(first) : "\(name), \(unit)s \(first) to \(last)"
  }
}
