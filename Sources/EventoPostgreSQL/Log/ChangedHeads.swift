internal import Evento
internal import EventoStorage

/// The heads of the aggregates to which other gateways have written since the writer's cache was valid.
///
/// While several gateways take turns, each of them adds few events between two commits of another. To read these takes a
/// fraction of the time in which all aggregates of a batch are looked up again, and the lock is held meanwhile.
struct ChangedHeads {
  /// The store as of which the cache is valid.
  let base: StoreRow

  /// The maximum number of events that are read. After more, the cache is of little use.
  private static let limit: Int64 = 512

  /// The events after a position, each with the commit ID of that position, which is another one in another history.
  static let statement = Statement(
    """
    SELECT added.aggregate, type.value, added.aggregate_key, added.version, routing_key.value,
      (SELECT commit_id FROM event WHERE position = $1)
    FROM (
      SELECT position, aggregate, type, aggregate_key, version, routing_key FROM event
      WHERE position > $1 ORDER BY position LIMIT $2
    ) AS added
      CROSS JOIN LATERAL (SELECT value FROM text WHERE id = added.type LIMIT 1) AS type
      LEFT JOIN LATERAL (SELECT value FROM text WHERE id = added.routing_key LIMIT 1) AS routing_key ON true
    ORDER BY added.position
    """, .int8, .int8)

  var parameters: Parameters { [.int8(base.end.position), .int8(Self.limit)] }

  /// Brings the cache up to date.
  ///
  /// - Parameters:
  ///   - rows: The result of the statement.
  ///   - store: The store as of that result.
  func update(_ cache: WriterCache, _ rows: QueryResult, upTo store: StoreRow) {
    guard isComplete(rows, upTo: store) else { return cache.forgetHeads() }
    for row in 0..<rows.rowCount {
      let key = AggregateKey(type: rows.text(row, 1), id: rows.text(row, 2))
      cache.keep(
        AggregateHead(
          aggregate: rows.integer(row, 0), version: Int(rows.integer(row, 3)),
          routingKey: rows.isNull(row, 4) ? nil : rows.text(row, 4)), of: key)
    }
    cache.store = store
  }

  /// Returns whether the rows are all that was added to the log as of which the cache is valid.
  private func isComplete(_ rows: QueryResult, upTo store: StoreRow) -> Bool {
    let (start, end) = (base.end, store.end)
    guard store.origin == base.origin, Int64(rows.rowCount) == end.position - start.position else { return false }
    guard rows.rowCount > 0 else { return end == start }
    return start.position == 0 || rows.integer(0, 5) == start.commitID
  }
}
