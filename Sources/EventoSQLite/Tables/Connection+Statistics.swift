internal import Evento
internal import EventoStorage

extension Connection {
  /// Counts what the store has. It reads the index of events by kind, and the row of each event.
  ///
  /// The size of the files is not included.
  func statistics() throws -> StoreStatistics {
    try snapshot {
      var statistics = StoreStatistics()
      statistics.events = Int(try logEnd().position)
      statistics.aggregatorTypes = try all(
        """
        SELECT value, (SELECT count(*) FROM aggregate WHERE type = text.id),
          (SELECT sum((SELECT count(*) FROM event WHERE kind = kind.id)) FROM kind WHERE type = text.id)
        FROM text WHERE id IN (SELECT type FROM kind) ORDER BY value
        """
      ) { row in
        StoreStatistics.AggregatorType(
          name: row.text(0), aggregators: Int(row.integer(1)), events: Int(row.integer(2)))
      }
      statistics.snapshots = Int(try integer("SELECT count(*) FROM snapshot") ?? 0)
      // The length of a value is in the header of its row: https://sqlite.org/fileformat2.html#record_format
      statistics.contentBytes = Int(
        try integer("SELECT sum(length(data) + ifnull(length(metadata), 2)) FROM event WHERE is_json < 2") ?? 0)
      statistics.oldest = try event(at: "SELECT id, timestamp FROM event ORDER BY position LIMIT 1")
      statistics.newest = try event(at: "SELECT id, timestamp FROM event ORDER BY position DESC LIMIT 1")
      let end = statistics.events
      statistics.subscribers = try all(
        """
        SELECT key, is_enabled, ifnull(subscriber.position, 0), event.timestamp
        FROM subscriber LEFT JOIN event ON event.position = ifnull(subscriber.position, 0) + 1
        ORDER BY key
        """
      ) { row in
        StoreStatistics.SubscriberLag(
          key: row.text(0), isEnabled: row.integer(1) != 0, events: end - Int(row.integer(2)),
          next: row.isNull(3) ? nil : Timestamp(milliseconds: row.integer(3)))
      }
      return statistics
    }
  }

  private func event(at query: String) throws(SQLiteFailure) -> StoreStatistics.LogEvent? {
    try first(query) { row in
      StoreStatistics.LogEvent(id: row.ulid(0), timestamp: Timestamp(milliseconds: row.integer(1)))
    }
  }
}
