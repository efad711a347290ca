internal import Synchronization

/// What the writer and the readers know of each other, so that the write-ahead log can be restarted: how many read, and
/// whether they are to keep their transactions short.
final class ReadTurns: Sendable {
  private let active = Atomic(0)
  private let shortens = Atomic(false)

  func begin() { active.add(1, ordering: .relaxed) }
  func end() { active.subtract(1, ordering: .relaxed) }

  /// Whether a reader of this store is in a transaction.
  var areAny: Bool { active.load(ordering: .relaxed) > 0 }

  /// Whether a reader is to end its transaction after the read that it is in.
  var areShort: Bool { shortens.load(ordering: .relaxed) }

  func shorten<Value>(during body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
    shortens.store(true, ordering: .relaxed)
    defer { shortens.store(false, ordering: .relaxed) }
    return try body()
  }
}
