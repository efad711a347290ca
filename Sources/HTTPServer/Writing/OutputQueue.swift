/// Bytes that wait to be written. Small pieces are put together; large ones are kept as they are, and not copied.
struct OutputQueue {
  private var first: [UInt8] = []
  private var sent = 0
  private var rest: [[UInt8]] = []
  /// The bytes that wait.
  private(set) var count = 0

  /// A piece of this size or more is not worth copying.
  static let largePiece = 16 * 1024
  /// Memory that holds nothing is given up past this, beside as much as holds something.
  private static let slackLimit = 16 * 1024
  /// More than this is not kept for the next, and nothing is added to a piece of this size: one that grew while it is
  /// being sent would never end.
  private static let spareLimit = 256 * 1024

  var isEmpty: Bool { count == 0 }

  /// The bytes of memory that it has.
  var heldBytes: Int { rest.reduce(first.capacity) { $0 + $1.capacity } }

  /// Appends what `body` appends to the array that it is given.
  mutating func append<Value>(_ body: (inout [UInt8]) -> Value) -> Value {
    if rest.isEmpty, first.count < Self.spareLimit {
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

  /// Appends all that waits in another queue, of which nothing has been written yet.
  mutating func append(_ other: OutputQueue) {
    append(other.first)
    for piece in other.rest { append(piece) }
  }

  /// Calls `write` with one piece after the other until it takes less than all of one.
  mutating func drain<Failure>(
    _ write: (_ piece: ArraySlice<UInt8>, _ hasMore: Bool) throws(Failure) -> Int
  ) throws(Failure) {
    while count > 0 {
      if sent == first.count {
        first = rest.removeFirst()
        sent = 0
      }
      let taken = try write(first[sent...], !rest.isEmpty)
      sent += taken
      count -= taken
      if sent < first.count { return }
    }
    first.removeAll(keepingCapacity: first.capacity <= Self.spareLimit)
    sent = 0
  }

  /// Takes memory that nobody uses, where there is nothing in the queue yet.
  mutating func borrow(_ spare: inout [UInt8]) {
    if isEmpty { swap(&first, &spare) }
  }

  /// Gives up memory that holds nothing that waits: ``count`` is what a queue costs, whatever its client has taken of a
  /// large piece.
  mutating func giveBack(_ spare: inout [UInt8]) {
    guard isEmpty else {
      let unsent = first.count - sent
      // No more is copied in all than a piece has: each time it is half of what was left.
      guard first.capacity - unsent > max(unsent, Self.slackLimit) else { return }
      first = Array(first[sent...])
      sent = 0
      return
    }
    if first.capacity > spare.capacity, first.capacity <= Self.spareLimit { swap(&first, &spare) }
    first = []
  }
}
