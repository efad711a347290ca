/// Bytes that wait to be written. Small pieces are put together; large ones are kept as they are, and not copied.
struct OutputQueue {
  private var first: [UInt8] = []
  private var sent = 0
  private var rest: [[UInt8]] = []
  /// The bytes that wait.
  private(set) var count = 0

  /// A piece of this size or more is not worth copying.
  private static let largePiece = 16 * 1024

  var isEmpty: Bool { count == 0 }

  /// Appends what `body` appends to the array that it is given.
  mutating func append<Value>(_ body: (inout [UInt8]) -> Value) -> Value {
    if rest.isEmpty {
      let before = first.count
      defer { count += first.count - before }
      return body(&first)
    }
    if rest[rest.count - 1].count >= Self.largePiece { rest.append([]) }
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
    first.removeAll(keepingCapacity: true)
    sent = 0
  }

  /// Takes memory that nobody uses, where there is nothing in the queue yet.
  mutating func borrow(_ spare: inout [UInt8]) {
    if isEmpty { swap(&first, &spare) }
  }

  /// Gives the memory back, where there is nothing in the queue any more: one that is empty holds none.
  mutating func giveBack(_ spare: inout [UInt8]) {
    guard isEmpty else { return }
    if first.capacity > spare.capacity, first.capacity <= Self.spareLimit { swap(&first, &spare) }
    first = []
  }

  /// More than this is not kept for the next.
  private static let spareLimit = 256 * 1024
}
