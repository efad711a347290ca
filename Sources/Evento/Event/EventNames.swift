internal import ByteCoding

/// The names that many events share, with their JSON, which is written once for all of these events.
package final class EventNames: Sendable {
  package let aggregatorType: String
  package let name: String
  package let routingKey: String?
  /// The aggregate type as a JSON string.
  package let aggregatorTypeJSON: [UInt8]
  /// The event name as a JSON string.
  package let nameJSON: [UInt8]
  /// The routing key as a JSON string, or `null`.
  package let routingKeyJSON: [UInt8]
  /// The length of the three JSON values together, in bytes.
  package let jsonLength: Int
  /// True if one of the names has a character that ends a line (``LineEnd``).
  package let hasLineEnds: Bool

  package init(aggregatorType: String, name: String, routingKey: String?) {
    self.aggregatorType = aggregatorType
    self.name = name
    self.routingKey = routingKey
    aggregatorTypeJSON = Self.json(aggregatorType)
    nameJSON = Self.json(name)
    routingKeyJSON = Self.json(routingKey)
    jsonLength = aggregatorTypeJSON.count + nameJSON.count + routingKeyJSON.count
    hasLineEnds = [aggregatorTypeJSON, nameJSON, routingKeyJSON].contains { json in
      json.withUnsafeBytes { LineEnd.first(in: $0, $0.indices) != nil }
    }
  }

  private static func json(_ text: String?) -> [UInt8] {
    var writer = JSONWriter(capacity: 0)
    writer.write(stringOrNull: text)
    return writer.take(roomKept: 0)
  }
}
