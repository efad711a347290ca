internal import Evento
internal import EventoStorage

/// The writer's connection, with its caches and what the current commit has added.
final class WriterSession {
  let connection: Connection
  let symbols: SymbolTable
  let headCache = HeadCache()
  let insertBuffer: InsertBuffer
  /// The ID of the current commit.
  private(set) var commitID: Int64 = 0
  /// The writes that have added events in the current commit. Waiting callers are woken after it.
  private(set) var added: [AddedEvents] = []
  /// The ends of the erasures of the current commit, to be called once the write-ahead log has nothing of what they have
  /// erased, or with the error because of which it still has.
  private var erasures: [(EventoError?) -> Void] = []
  /// True if the current commit has erased snapshots: see ``SnapshotTable/rewrite()``.
  var mustRewriteSnapshots = false

  init(_ connection: Connection) {
    self.connection = connection
    symbols = SymbolTable(connection)
    insertBuffer = InsertBuffer(connection)
  }

  func beginCommit() {
    commitID = LogPosition.freshCommitID()
    added.removeAll(keepingCapacity: true)
    erasures.removeAll()
    mustRewriteSnapshots = false
  }

  /// Does what all jobs of the current commit share, before it is made.
  func finishCommit() throws(SQLiteFailure) {
    try insertBuffer.flush()
    if mustRewriteSnapshots { try SnapshotTable(connection: connection).rewrite() }
  }

  /// Records the events that a write has added.
  func add(_ events: AddedEvents) {
    added.append(events)
  }

  /// Records an erasure.
  func add(erasure end: @escaping (EventoError?) -> Void) {
    erasures.append(end)
  }

  /// Removes and returns the ends of the erasures.
  func takeErasures() -> [(EventoError?) -> Void] {
    defer { erasures.removeAll() }
    return erasures
  }

  /// Forgets the added events once they are announced.
  func endCommit() {
    added.removeAll(keepingCapacity: true)
  }

  /// Drops everything that was cached or collected in a transaction that was undone.
  func forget() {
    symbols.forget()
    headCache.forget()
    insertBuffer.forget()
    added.removeAll()
    erasures.removeAll()
    mustRewriteSnapshots = false
  }
}
