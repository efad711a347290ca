internal import CSQLite
internal import Evento

/// What the writer remembers of the log from one write to the next: where it ends, and what the latest event of an
/// aggregate says.
///
/// Unlike the rows of a ``SymbolTable``, these change. This connection's own changes are noted here; that another has changed
/// the database is found out when a transaction begins, and then nothing is remembered.
final class HeadCache {
  /// What is known of a stored aggregate.
  struct Head {
    let aggregate: Int64
    let version: Int
    let routingKey: String?
  }

  private var end: Int64?
  private var heads = TwoGenerationCache<AggregateKey, Head>(limit: headLimit)
  private var dataVersion: Int64?

  /// Aggregates, each with texts of at most three times 255 bytes.
  private static let headLimit = 16_384

  /// To be called inside each transaction before anything else.
  ///
  /// `PRAGMA data_version` changes with each commit by another connection (https://sqlite.org/pragma.html), of which none
  /// can come while the transaction holds the lock for writing.
  ///
  /// - Returns: that number.
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

  /// Another process may have brought the store to a newer schema, in which this one would leave something out.
  private func checkSchema(_ connection: Connection) throws(SQLiteFailure) {
    let version = try connection.integer("PRAGMA user_version") ?? 0
    guard version == Schema.version else {
      throw SQLiteFailure(
        code: SQLITE_SCHEMA, message: "another process has upgraded the store to schema \(version)",
        action: "write with schema \(Schema.version)")
    }
  }

  /// After a transaction that was undone.
  func forget() {
    end = nil
    heads.removeAll()
    dataVersion = nil
  }

  /// The position of the last event; 0 where there is none.
  ///
  /// Nothing is forgotten between the first write of a transaction and its end, so that rows which are not inserted yet
  /// (``InsertBuffer``) are never overlooked.
  func end(_ connection: Connection) throws(SQLiteFailure) -> Int64 {
    if let end { return end }
    let found = try connection.integer("SELECT max(position) FROM event") ?? 0
    end = found
    return found
  }

  func setEnd(_ position: Int64) {
    end = position
  }

  func head(of key: AggregateKey) -> Head? {
    heads.value(at: key)
  }

  func keep(_ head: Head, of key: AggregateKey) {
    heads.keep(head, at: key)
  }
}
