/// Bytes that grow by pieces of which it is known how long they are at most.
struct JSONBuffer {
  /// What has been written, and room behind it.
  private var bytes: [UInt8]
  private(set) var count = 0

  /// Room behind what was written that is not worth copying what was written.
  private static let roomKept = 128 * 1024

  init(capacity: Int) {
    bytes = [UInt8](repeating: 0, count: capacity)
  }

  /// Appends what `body` writes, which is `length` bytes at most.
  ///
  /// - Complexity: amortized O(*n*) in `length`.
  @inline(__always)
  mutating func append(upTo length: Int, _ body: (inout JSONRoom) -> Void) {
    if bytes.count - count < length { grow(by: length) }
    let start = count
    count += bytes.withUnsafeMutableBytes { bytes in
      var room = JSONRoom(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + length]))
      body(&room)
      return room.count
    }
  }

  mutating func append(_ other: JSONBuffer, _ range: Range<Int>) {
    append(upTo: range.count) { room in
      other.bytes.withUnsafeBytes { room.put(json: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
  }

  /// Takes back what was appended behind a place.
  mutating func cut(to count: Int) {
    precondition(count <= self.count, "only what is there can be taken back")
    self.count = count
  }

  /// What has been written; nothing is left.
  mutating func take() -> [UInt8] {
    defer { self = JSONBuffer(capacity: 0) }
    let room = bytes.count - count
    // What is large may be held for as long as a client takes to read it.
    if room > max(count / 4, Self.roomKept) { return Array(bytes[..<count]) }
    bytes.removeLast(room)
    return bytes
  }

  private mutating func grow(by length: Int) {
    var larger = [UInt8](repeating: 0, count: max(bytes.count * 2, count + length))
    larger.withUnsafeMutableBytes { larger in
      bytes.withUnsafeBytes { larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
    bytes = larger
  }
}

extension [UInt8] {
  /// Appends what `body` writes, which is `length` bytes at most.
  mutating func append(upTo length: Int, _ body: (inout JSONRoom) -> Void) {
    let start = count
    append(contentsOf: repeatElement(0, count: length))
    let written = withUnsafeMutableBytes { bytes in
      var room = JSONRoom(UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
      body(&room)
      return room.count
    }
    removeLast(length - written)
  }
}
