/// Writes JSON text, piece by piece, into bytes that grow.
///
/// What has many short pieces, as an event does, goes into a ``JSONRoom`` at once: to look for room at each piece would
/// take a fifth more time for a page.
@usableFromInline
package struct JSONWriter: Sendable {
  /// What has been written, and room behind it.
  @usableFromInline var bytes: [UInt8]
  /// Where the room begins.
  @usableFromInline var end = 0

  /// - Parameter capacity: bytes to make room for at first.
  package init(capacity: Int = 256) {
    bytes = [UInt8](repeating: 0, count: capacity)
  }

  /// The bytes written so far.
  package var count: Int { end }
  package var isEmpty: Bool { end == 0 }

  /// Writes what `body` puts into room for `length` bytes.
  ///
  /// - Complexity: amortized O(*n*) in `length`.
  @inlinable @inline(__always)
  package mutating func write(upTo length: Int, _ body: (inout JSONRoom) -> Void) {
    if bytes.count - end < length { grow(by: length) }
    let start = end
    end += bytes.withUnsafeMutableBytes { bytes in
      var room = JSONRoom(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + length]))
      body(&room)
      return room.count
    }
  }

  @usableFromInline
  mutating func grow(by length: Int) {
    var larger = [UInt8](repeating: 0, count: max(bytes.count * 2, end + length))
    larger.withUnsafeMutableBytes { larger in
      bytes.withUnsafeBytes { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<end])) }
    }
    bytes = larger
  }

  /// Takes back what was written behind a place.
  package mutating func cut(to count: Int) {
    precondition(count <= end, "only what is there can be taken back")
    end = count
  }

  /// Returns what has been written; nothing is left.
  ///
  /// It may be held for as long as a client takes to read it, and the room behind it with it.
  ///
  /// - Parameter roomKept: room that is not worth copying what was written. So is a quarter of that.
  package mutating func take(roomKept: Int = 128 * 1024) -> [UInt8] {
    defer { self = JSONWriter(capacity: 0) }
    let room = bytes.count - end
    if room > max(end / 4, roomKept) { return Array(bytes[..<end]) }
    bytes.removeLast(room)
    return bytes
  }

  // MARK: Pieces

  /// Writes text that is JSON already.
  @inlinable @inline(__always)
  package mutating func write(json text: StaticString) {
    write(upTo: text.utf8CodeUnitCount) { $0.put(json: text) }
  }

  /// Writes text that is JSON already.
  package mutating func write(json text: [UInt8]) {
    write(upTo: text.count) { room in text.withUnsafeBytes { room.put(json: $0) } }
  }

  /// Writes a part of what another one wrote.
  package mutating func write(_ other: JSONWriter, _ part: Range<Int>) {
    write(upTo: part.count) { room in
      other.bytes.withUnsafeBytes { room.put(json: UnsafeRawBufferPointer(rebasing: $0[part])) }
    }
  }

  /// Writes a string, quotes included. What RFC 8259 §7 wants escaped is.
  package mutating func write(string text: String) {
    write(upTo: JSONRoom.longest(string: text)) { $0.put(string: text) }
  }

  package mutating func write(stringOrNull text: String?) {
    if let text { write(string: text) } else { write(json: "null") }
  }

  /// Writes a string of which nothing needs an escape, quotes included: base64, a cursor, an identifier.
  package mutating func write(plainString text: String) {
    var text = text
    text.withUTF8 { text in
      write(upTo: text.count + 2) { $0.put(plainString: UnsafeRawBufferPointer(text)) }
    }
  }

  package mutating func write(boolean: Bool) {
    write(json: boolean ? "true" : "false")
  }

  package mutating func write(integer: Int64) {
    write(upTo: Int64.maximumTextLength) { $0.put(integer: integer) }
  }
}
