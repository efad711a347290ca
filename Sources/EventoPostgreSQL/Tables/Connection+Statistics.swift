internal import Evento

extension Connection {
  /// Counts what the store has. It reads the row of each event, but not its payload.
  func statistics() throws -> StoreStatistics {
    let results = try pipeline(within: Self.countingTime) { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(Self.countStatement)
      try pipeline.send(Self.eventStatement)
      try pipeline.send(Self.lagStatement)
      return try pipeline.sync()
    }
    let (counts, events, lags) = (results[0], results[1], results[2])
    var statistics = StoreStatistics()
    statistics.events = Int(counts.integer(0, 0))
    statistics.snapshots = Int(counts.integer(0, 1))
    statistics.contentBytes = Int(counts.integer(0, 2))
    statistics.databaseBytes = Int(counts.integer(0, 3))
    statistics.aggregatorTypes = (0..<counts.rowCount).filter { !counts.isNull($0, 4) }.map { row in
      StoreStatistics.AggregatorType(
        name: counts.text(row, 4), aggregators: Int(counts.integer(row, 5)), events: Int(counts.integer(row, 6)))
    }
    let ends = (0..<events.rowCount).map { row in
      StoreStatistics.LogEvent(
        id: events.ulid(row, 0), timestamp: Timestamp(milliseconds: events.integer(row, 1)))
    }
    (statistics.oldest, statistics.newest) = (ends.first, ends.last)
    statistics.subscribers = (0..<lags.rowCount).map { row in
      StoreStatistics.SubscriberLag(
        key: lags.text(row, 0), isEnabled: lags.bool(row, 1),
        // A failover may have lost the events of its position.
        events: Int(max(lags.integer(row, 2), 0)),
        next: lags.isNull(row, 3) ? nil : Timestamp(milliseconds: lags.integer(row, 3)))
    }
    return statistics
  }

  /// Enough for a log of some hundred million events.
  private static let countingTime = Duration.seconds(600)

  /// One statement, which sees one moment: https://www.postgresql.org/docs/15/transaction-iso.html#XACT-READ-COMMITTED
  private static let countStatement = Statement.once(
    """
    SELECT (SELECT position FROM store), (SELECT count(*) FROM snapshot),
      (SELECT sum(octet_length(data) + coalesce(octet_length(metadata), 2)) FROM event WHERE is_json IS NOT NULL)::bigint,
      (SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(ARRAY[\(
        Schema.tables.map { "'\($0)'" }.joined(separator: ", "))]) AS name)::bigint,
      type.value, type.aggregates, type.events
    FROM (SELECT 1) AS one LEFT JOIN (
      SELECT text.value, (SELECT count(*) FROM aggregate WHERE aggregate.type = text.id) AS aggregates,
        count(*) AS events
      FROM event JOIN text ON text.id = event.type GROUP BY text.id, text.value
    ) AS type ON true
    ORDER BY type.value
    """)

  private static let eventStatement = Statement.once(
    """
    SELECT id, timestamp FROM event
    WHERE position IN ((SELECT min(position) FROM event), (SELECT max(position) FROM event)) ORDER BY position
    """)

  private static let lagStatement = Statement.once(
    """
    SELECT key, is_enabled, (SELECT position FROM store) - coalesce(subscriber.position, 0), event.timestamp
    FROM subscriber LEFT JOIN event ON event.position = coalesce(subscriber.position, 0) + 1
    ORDER BY key
    """)
}
