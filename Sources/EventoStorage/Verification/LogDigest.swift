package import Evento

/// The SHA-256 of a log in its order, over what every reader gets: docs/operations.md defines it. Stores have the same
/// digest if they have the same events in the same order, whatever they are stored in.
package struct LogDigest: Sendable {
  private let hash = BackgroundSHA256()
  private var buffer: [UInt8] = []

  /// The size of the pieces that are hashed at once, in bytes.
  private static let pieceLength = 256 << 10

  package init() {}

  package mutating func add(_ event: borrowing EventView) {
    append(event.id.high)
    append(event.id.low)
    buffer.append(event.isErased ? 1 : 0)
    append(UInt64(event.version))
    append(UInt64(bitPattern: event.timestamp.milliseconds))
    append(event.names.aggregatorType)
    append(event.aggregatorID)
    append(event.names.name)
    // A length that no text has: there is no routing key.
    if let key = event.names.routingKey { append(key) } else { append(length: .max) }
    append(length: UInt32(clamping: event.metadata.count))
    append(length: UInt32(clamping: event.data.count))
    buffer.append(contentsOf: event.metadata)
    buffer.append(contentsOf: event.data)
    if buffer.count >= Self.pieceLength { flush() }
  }

  /// Returns the digest of the events so far.
  package mutating func value() -> [UInt8] {
    flush()
    return hash.digest
  }

  private mutating func flush() {
    hash.update(buffer)
    buffer = []
    buffer.reserveCapacity(Self.pieceLength + Self.pieceLength / 8)
  }

  private mutating func append(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
  }

  private mutating func append(length: UInt32) {
    withUnsafeBytes(of: length.bigEndian) { buffer.append(contentsOf: $0) }
  }

  private mutating func append(_ text: String) {
    append(length: UInt32(clamping: text.utf8.count))
    var text = text
    text.withUTF8 { buffer.append(contentsOf: $0) }
  }
}
