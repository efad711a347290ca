public import DequeModule
package import Evento

/// The writes that wait for a commit, in queues by their cost, so that many large ones do not delay the small ones.
///
/// Each commit takes writes of one queue. Every other commit takes the small ones, if there are any, so that a small
/// write waits for one commit and is in the next one, whatever else waits.
///
/// What each write passes through is inlinable, as in ``CommitQueue``.
@usableFromInline
struct WriteQueues<Write: QueuedWrite>: Sendable {
  @usableFromInline let limits: CommitLimits
  /// The queues. That of small writes comes first.
  @usableFromInline var queues: [Deque<Write>]
  @usableFromInline var last = costLimits.count
  @usableFromInline var lastLargeQueue = costLimits.count

  init(_ limits: CommitLimits) {
    self.limits = limits
    queues = Self.empty
  }

  /// The maximum cost in each queue except the last: about eight events, and a hundred.
  @inlinable static var costLimits: [Int] { [32 << 10, 512 << 10] }

  private static var empty: [Deque<Write>] { Array(repeating: [], count: Self.costLimits.count + 1) }

  @inlinable var count: Int { queues.reduce(0) { $0 + $1.count } }

  @inlinable mutating func append(_ write: Write) {
    queues[queue(of: write)].append(write)
  }

  @inlinable func queue(of write: Write) -> Int {
    let cost = write.size.cost
    return Self.costLimits.firstIndex { cost <= $0 } ?? Self.costLimits.count
  }

  /// Removes the writes of the next commit; empty if none waits.
  @inlinable mutating func next() -> [Write] {
    let large = Self.costLimits.count
    let others = (1...large).map { (lastLargeQueue + $0 - 1) % large + 1 }
    let order = last == 0 ? others + [0] : [0] + others
    guard let queue = order.first(where: { !queues[$0].isEmpty }) else { return [] }
    last = queue
    if queue > 0 { lastLargeQueue = queue }
    return take(from: queue, after: [])
  }

  /// Removes the writes that fit into a commit, after writes that it has already.
  @inlinable mutating func more(after writes: [Write]) -> [Write] {
    guard let first = writes.first else { return [] }
    return take(from: queue(of: first), after: writes)
  }

  @inlinable mutating func take(from queue: Int, after taken: [Write]) -> [Write] {
    var (bytes, cost) = (0, 0)
    for write in taken {
      bytes += write.size.bytes
      cost += write.size.cost
    }
    let writes = Array(
      queues[queue].prefix(max(limits.writes - taken.count, 0)).prefix { write in
        let next = write.size
        defer {
          bytes += next.bytes
          cost += next.cost
        }
        return cost == 0 && bytes == 0 || bytes + next.bytes <= limits.bytes && cost + next.cost <= limits.cost
      })
    queues[queue].removeFirst(writes.count)
    return writes
  }

  /// Puts writes of the same commit back at the head of their queue.
  mutating func putBack(_ writes: ArraySlice<Write>) {
    guard let first = writes.first else { return }
    queues[queue(of: first)].prepend(contentsOf: writes)
  }

  /// Removes the writes that fulfil a condition.
  mutating func removeAll(where isRemoved: (Write) -> Bool) -> [Write] {
    var removed: [Write] = []
    for index in queues.indices {
      queues[index].removeAll { write in
        // Asked once, since the answer can change.
        let isRemoved = isRemoved(write)
        if isRemoved { removed.append(write) }
        return isRemoved
      }
    }
    return removed
  }

  /// Removes all writes.
  mutating func removeAll() -> [Write] {
    defer { queues = Self.empty }
    return queues.flatMap { $0 }
  }
}

/// The estimated size of a write, before it begins.
@usableFromInline
package struct WriteSize: Sendable {
  /// The approximate time that it keeps the writer busy, as a number of payload bytes that takes as long.
  @usableFromInline package let cost: Int
  /// The approximate number of bytes that it will write.
  @usableFromInline package let bytes: Int

  package init(cost: Int, bytes: Int) {
    self.cost = cost
    self.bytes = bytes
  }

  /// - Parameter filters: The number of filters of the condition, if it is checked in the writer's turn.
  package init(_ events: [NewEvent], filters: Int = 0) {
    bytes = events.indices.reduce(0) { $0 + Self.bytes(of: events.span[$1]) }
    // An event takes as long as some kilobytes of payload, because each index has an entry for it.
    // A filter can take as long as many events: it may scan the first part of an aggregate.
    cost = bytes + events.count * 4096 + filters * 16_384
  }

  /// Returns the approximate number of bytes that an event adds to the log of changes, with its index entries.
  private static func bytes(of event: borrowing NewEvent) -> Int {
    256 + event.data.bytes.count + event.metadata.bytes.count + event.aggregatorType.utf8.count
      + event.aggregatorID.utf8.count + event.name.utf8.count
  }
}

/// The limits of a commit.
@usableFromInline
package struct CommitLimits: Sendable {
  /// The maximum number of writes, so that the first of them does not wait too long.
  @usableFromInline let writes: Int
  /// The maximum size in bytes, unless its first write alone is larger.
  @usableFromInline let bytes: Int
  /// The maximum cost, likewise.
  @usableFromInline let cost: Int

  package init(writes: Int, bytes: Int, cost: Int = .max) {
    self.writes = writes
    self.bytes = bytes
    self.cost = cost
  }
}
