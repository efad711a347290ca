/// Writes JSON text, piece by piece, into an array that grows.
///
/// Text with many short pieces, such as an event, is written into a ``JSONRoom`` at once: checking the capacity for
/// each piece would take a fifth more time for a page.
@usableFromInline
package struct JSONWriter: Sendable {
  @usableFromInline var bytes: [UInt8] = []

  /// - Parameter capacity: The number of bytes to allocate at first.
  package init(capacity: Int = 256) {
    bytes.reserveCapacity(capacity)
  }

  /// The number of bytes written so far.
  package var count: Int { bytes.count }
  package var isEmpty: Bool { bytes.isEmpty }

  /// Writes what `body` writes into room for `length` bytes.
  ///
  /// - Complexity: amortized O(*n*) in `length`.
  @inlinable @inline(__always)
  package mutating func write(upTo length: Int, _ body: (inout JSONRoom) -> Void) {
    // The array's unused memory, not an array of zeros, which would be written twice.
    bytes.append(addingCapacity: length) { output in
      output.withUnsafeMutableBufferPointer { buffer, count in
        let unused = UnsafeMutableBufferPointer(rebasing: buffer[count..<count + length])
        var room = JSONRoom(UnsafeMutableRawBufferPointer(unused))
        body(&room)
        count += room.count
      }
    }
  }

  /// Removes everything written after an index.
  package mutating func cut(to count: Int) {
    precondition(count <= bytes.count, "only what is there can be taken back")
    bytes.removeLast(bytes.count - count)
  }

  /// Returns the written bytes, and resets the writer.
  ///
  /// The result may be held for as long as a client takes to read it, with the room after it.
  ///
  /// - Parameter roomKept: The unused room, in bytes, up to which the array is returned without a copy. A quarter of
  ///   the written bytes is accepted too.
  package mutating func take(roomKept: Int = 128 * 1024) -> [UInt8] {
    defer { bytes = [] }
    let room = bytes.capacity - bytes.count
    // A slice of the whole array would be the same array.
    return room > max(bytes.count / 4, roomKept) ? bytes.withUnsafeBytes { Array($0) } : bytes
  }

  // MARK: Written bytes

  package func bytes(_ part: Range<Int>) -> [UInt8] { Array(bytes[part]) }

  /// Returns whether a part is before another one in the order of bytes.
  package func precedes(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    for (byte, other) in zip(first, second) where bytes[byte] != bytes[other] { return bytes[byte] < bytes[other] }
    return first.count < second.count
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

  /// Writes a part of another writer's bytes.
  package mutating func write(_ other: JSONWriter, _ part: Range<Int>) {
    write(upTo: part.count) { room in
      other.bytes.withUnsafeBytes { room.put(json: UnsafeRawBufferPointer(rebasing: $0[part])) }
    }
  }

  /// Writes a string with quotes and the escapes that RFC 8259 §7 requires.
  package mutating func write(string text: String) {
    write(upTo: JSONRoom.longest(string: text)) { $0.put(string: text) }
  }

  package mutating func write(stringOrNull text: String?) {
    if let text { write(string: text) } else { write(json: "null") }
  }

  /// Writes a string that needs no escapes, with quotes: base64, a cursor, an identifier.
  package mutating func write(plainString text: String) {
    var text = text
    text.withUTF8 { text in
      write(upTo: text.count + 2) { $0.put(plainString: UnsafeRawBufferPointer(text)) }
    }
  }

  /// Writes the text of a number.
  package mutating func write(number text: String) {
    var text = text
    text.withUTF8 { text in write(upTo: text.count) { $0.put(json: UnsafeRawBufferPointer(text)) } }
  }

  package mutating func write(boolean: Bool) {
    write(json: boolean ? "true" : "false")
  }

  package mutating func write(integer: Int64) {
    write(upTo: Int64.maximumTextLength) { $0.put(integer: integer) }
  }
}
