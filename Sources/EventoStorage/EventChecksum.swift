internal import ByteCoding
package import Evento

/// The checksum of an event, stored in its row: CRC-32C over all of its values and its position in the log.
///
/// It is of the texts that a reader gets, and not of the numbers that represent them in the row, so that damage of the
/// tables of these texts is found too. Each text has a checksum of its own, which is computed once and kept with it.
package enum EventChecksum {
  /// Returns the checksum of an event.
  ///
  /// - Parameters:
  ///   - names: ``ofNames(type:name:routingKey:)``
  ///   - aggregatorID: ``ofAggregatorID(_:)``
  ///   - content: The kind of the payload.
  ///   - metadata: The metadata as stored: no bytes stand for `{}`.
  package static func of(
    _ position: LogPosition, id: ULID, names: UInt32, aggregatorID: UInt32, version: Int64, timestamp: Timestamp,
    _ content: EventContent, metadata: UnsafeRawBufferPointer, data: UnsafeRawBufferPointer
  ) -> Int32 {
    var checksum = CRC32C()
    withUnsafeBytes(
      of: (
        UInt64(bitPattern: position.position).littleEndian, UInt64(bitPattern: position.commitID).littleEndian,
        id.high.littleEndian, id.low.littleEndian, (UInt64(names) << 32 | UInt64(aggregatorID)).littleEndian,
        UInt64(bitPattern: version).littleEndian, UInt64(bitPattern: timestamp.milliseconds).littleEndian,
        // The lengths too, so that no byte can pass from one value to the next.
        (UInt64(metadata.count) << 8 | UInt64(bitPattern: content.rawValue)).littleEndian,
        UInt64(data.count).littleEndian
      )
    ) { checksum.update($0) }
    checksum.update(metadata)
    checksum.update(data)
    return checksum.signed
  }

  /// Returns the checksum of a new event.
  package static func of(
    _ event: NewEvent, at position: LogPosition, id: ULID, names: UInt32, version: Int64, timestamp: Timestamp
  ) -> Int32 {
    event.data.bytes.withUnsafeBytes { data in
      func checksum(_ metadata: UnsafeRawBufferPointer) -> Int32 {
        of(
          position, id: id, names: names, aggregatorID: ofAggregatorID(event.aggregatorID), version: version,
          timestamp: timestamp, EventContent(event), metadata: metadata, data: data)
      }
      guard !event.metadata.isEmpty else { return checksum(UnsafeRawBufferPointer(start: nil, count: 0)) }
      return event.metadata.bytes.withUnsafeBytes(checksum)
    }
  }

  package static func ofNames(type: String, name: String, routingKey: String?) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(type)
    checksum.update(end)
    checksum.update(name)
    checksum.update(end)
    // It is never empty.
    if let routingKey { checksum.update(routingKey) }
    return checksum.value
  }

  package static func ofAggregatorID(_ id: String) -> UInt32 {
    var id = id
    return id.withUTF8 { ofAggregatorID(UnsafeRawBufferPointer($0)) }
  }

  /// - Parameter id: The UTF-8 of the id.
  package static func ofAggregatorID(_ id: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(id)
    return checksum.value
  }

  /// A character that no name contains.
  private static let end = "\0"
}

/// The kinds of content of an event's row.
package enum EventContent: Int64, Sendable {
  /// A payload that is not JSON.
  case bytes = 0
  case json = 1
  /// Nothing: the payload is empty, and there is no metadata.
  case erased = 2

  package init(_ event: NewEvent) {
    self = event.isErased ? .erased : event.data.isJSON ? .json : .bytes
  }
}

/// The names of an event, with their part of its checksum.
package struct CheckedNames: Sendable {
  package let names: EventNames
  package let checksum: UInt32

  package init(aggregatorType: String, name: String, routingKey: String?) {
    names = EventNames(aggregatorType: aggregatorType, name: name, routingKey: routingKey)
    checksum = EventChecksum.ofNames(type: aggregatorType, name: name, routingKey: routingKey)
  }
}

/// The id of an aggregate, with its part of an event's checksum.
package struct CheckedID: Sendable {
  package let text: String
  package let checksum: UInt32

  package init(_ text: String) {
    self.text = text
    checksum = EventChecksum.ofAggregatorID(text)
  }
}
