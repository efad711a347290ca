internal import ByteCoding
package import Evento

/// The numbers of a store as JSON.
package enum StatisticsOutput {
  /// - Parameter now: The time from which lags are counted.
  package static func json(_ statistics: StoreStatistics, at now: Timestamp) -> [UInt8] {
    var json = JSONWriter()
    json.write(json: "{")
    json.write("events", statistics.events)
    json.write(json: ",")
    json.write("aggregators", statistics.aggregators)
    json.write(json: ",\"aggregator_types\":[")
    for (index, type) in statistics.aggregatorTypes.enumerated() {
      json.write(json: index > 0 ? ",{\"aggregator_type\":" : "{\"aggregator_type\":")
      json.write(string: type.name)
      json.write(json: ",")
      json.write("aggregators", type.aggregators)
      json.write(json: ",")
      json.write("events", type.events)
      json.write(json: "}")
    }
    json.write(json: "],\"subscribers\":[")
    for (index, subscriber) in statistics.subscribers.enumerated() {
      json.write(json: index > 0 ? ",{\"key\":" : "{\"key\":")
      json.write(string: subscriber.key)
      json.write(json: ",\"enabled\":")
      json.write(boolean: subscriber.isEnabled)
      json.write(json: ",")
      json.write("lag_events", subscriber.events)
      json.write(json: ",")
      json.write("lag_seconds", subscriber.seconds(at: now))
      json.write(json: "}")
    }
    json.write(json: "],")
    json.write("snapshots", statistics.snapshots)
    json.write(json: ",")
    json.write("content_bytes", statistics.contentBytes)
    json.write(json: ",")
    json.write("database_bytes", statistics.databaseBytes)
    json.write(json: ",\"oldest\":")
    json.write(statistics.oldest)
    json.write(json: ",\"newest\":")
    json.write(statistics.newest)
    json.write(json: "}\n")
    return json.take()
  }
}

extension JSONWriter {
  fileprivate mutating func write(_ member: String, _ number: Int) {
    write(plainString: member)
    write(json: ":")
    write(integer: Int64(number))
  }

  fileprivate mutating func write(_ event: StoreStatistics.LogEvent?) {
    guard let event else { return write(json: "null") }
    write(json: "{\"id\":")
    write(ulid: event.id)
    write(timestampMembers: event.timestamp)
    write(json: "}")
  }
}
