internal import ByteCoding

/// Bytes that wait to be written. Small pieces are joined; large ones are kept unchanged, and not copied.
struct OutputQueue {
  private var first: [UInt8] = []
  private var sent = 0
  private var rest: [[UInt8]] = []
  /// The number of waiting bytes.
  private(set) var count = 0

  /// The size from which a piece is not copied.
  static let largePiece = 16 * 1024
  /// The maximum of unused memory, in addition to as much as is used.
  private static let slackLimit = 16 * 1024
  /// The maximum of memory that is kept for the next output. Nothing is appended to a piece of this size: one that
  /// grows while it is being sent would never end.
  private static let scratchLimit = 256 * 1024

  var isEmpty: Bool { count == 0 }

  /// The size of its memory, in bytes.
  var allocatedBytes: Int { rest.reduce(first.capacity) { $0 + $1.capacity } }

  /// Appends the bytes that `body` appends to the given array.
  mutating func append<Value>(_ body: (inout [UInt8]) -> Value) -> Value {
    if rest.isEmpty, first.count < Self.scratchLimit {
      let before = first.count
      defer { count += first.count - before }
      return body(&first)
    }
    if rest.last.map({ $0.count >= Self.largePiece }) ?? true { rest.append([]) }
    let before = rest[rest.count - 1].count
    defer { count += rest[rest.count - 1].count - before }
    return body(&rest[rest.count - 1])
  }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    guard bytes.count >= Self.largePiece else { return append { $0.append(contentsOf: bytes) } }
    rest.append(bytes)
    count += bytes.count
  }

  /// Appends all bytes of another queue, none of which has been written yet.
  mutating func append(_ other: OutputQueue) {
    append(other.first)
    for piece in other.rest { append(piece) }
  }

  /// Calls `write` with one piece after the other until it does not take all of one.
  ///
  /// - Returns: The number of bytes that were taken.
  @discardableResult mutating func drain<Failure>(
    _ write: (_ piece: ArraySlice<UInt8>, _ hasMore: Bool) throws(Failure) -> Int
  ) throws(Failure) -> Int {
    let before = count
    while count > 0 {
      if sent == first.count {
        first = rest.removeFirst()
        sent = 0
      }
      let taken = try write(first[sent...], !rest.isEmpty)
      sent += taken
      count -= taken
      if sent < first.count { return before - count }
    }
    first.removeAll(keepingCapacity: first.capacity <= Self.scratchLimit)
    sent = 0
    return before
  }

  /// Takes unused memory if the queue is empty.
  mutating func reuse(_ spare: inout [UInt8]) {
    if isEmpty { swap(&first, &spare) }
  }

  /// Frees unused memory: ``count`` is the memory of a queue, even if its client has taken a part of a large piece.
  mutating func recycle(_ spare: inout [UInt8]) {
    guard isEmpty else {
      let unsent = first.count - sent
      // In total, no more is copied than a piece has: each time it is half of the rest.
      guard first.capacity - unsent > max(unsent, Self.slackLimit) else { return }
      first = Array(first[sent...])
      sent = 0
      return
    }
    if first.capacity > spare.capacity, first.capacity <= Self.scratchLimit { swap(&first, &spare) }
    first = []
  }
}

// MARK: - Responses

extension OutputQueue {
  /// Appends a response.
  ///
  /// - Returns: The number of bytes; `nil`, with nothing appended, if the head can't be sent.
  mutating func append(
    _ head: ResponseHead, date: [UInt8], persistence: PersistenceFields, content: [UInt8]
  ) -> Int? {
    let before = count
    guard append({ head.append(to: &$0, date: date, persistence: persistence) }) else { return nil }
    append(content)
    return count - before
  }

  /// Appends a chunk of a body (RFC 9112 §7.1). An empty one would end the body, so it is left out.
  mutating func append(chunk content: OutputQueue) {
    guard !content.isEmpty else { return }
    append { output in
      output.append(hex: UInt(content.count))
      output.append(13)
      output.append(10)
    }
    append(content)
    append([13, 10])
  }

  /// Appends the chunk that ends a body, without trailers.
  mutating func appendLastChunk() {
    append(Self.lastChunk)
  }

  private static let lastChunk = Array("0\r\n\r\n".utf8)
}
