internal import CSQLite
internal import Evento
internal import EventoStorage

/// The writer's cache of the end of the log, and of the version and routing key of each aggregate's latest event.
///
/// Unlike the rows of a ``SymbolTable``, these change. The cache records this connection's own changes. If another
/// connection has changed the database, which is detected when a transaction begins, the cache is emptied.
final class HeadCache {
  /// The position of the last event, if it is known: always after a write of events.
  private(set) var end: Int64?
  private var heads = TwoGenerationCache<AggregateKey, AggregateHead>(limit: headLimit)
  private var dataVersion: Int64?

  /// The maximum number of aggregates, each with at most three texts of 255 bytes.
  private static let headLimit = 16_384

  /// Empties the cache if another connection has changed the database. Call it first in each transaction.
  ///
  /// `PRAGMA data_version` changes with each commit by another connection
  /// (https://sqlite.org/pragma.html#pragma_data_version). No such commit is possible while the transaction holds the
  /// write lock.
  ///
  /// - Returns: The data version.
  @discardableResult
  func refresh(_ connection: Connection) throws(SQLiteFailure) -> Int64? {
    let version = try connection.integer("PRAGMA data_version")
    if version != dataVersion {
      forget()
      try checkSchema(connection)
    }
    dataVersion = version
    return version
  }

  /// Checks that no other process has upgraded the schema: this version would not write all data that a newer one
  /// requires.
  private func checkSchema(_ connection: Connection) throws(SQLiteFailure) {
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version == Schema.version else {
      throw SQLiteFailure(
        code: SQLITE_SCHEMA, message: "another process has upgraded the store to schema \(version)",
        action: "write with schema \(Schema.version)")
    }
  }

  /// Empties the cache, after a transaction that was undone.
  func forget() {
    end = nil
    heads.removeAll()
    dataVersion = nil
  }

  /// Returns the position of the last event; 0 if there is none.
  ///
  /// The cache is not emptied between the first write of a transaction and its end, so that rows that are not inserted
  /// yet (``InsertBuffer``) always count.
  func end(_ connection: Connection) throws(SQLiteFailure) -> Int64 {
    if let end { return end }
    let found = try connection.integer("SELECT max(position) FROM event") ?? 0
    end = found
    return found
  }

  func setEnd(_ position: Int64) {
    end = position
  }

  func head(of key: AggregateKey) -> AggregateHead? {
    heads.value(at: key)
  }

  func keep(_ head: AggregateHead, of key: AggregateKey) {
    heads.keep(head, at: key)
  }
}
