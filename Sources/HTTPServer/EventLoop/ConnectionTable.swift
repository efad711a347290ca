/// Identifies one connection of an event loop: a slot in its table, and the number of times that the slot has been
/// used.
struct Token: Hashable, Sendable {
  let rawValue: UInt64

  init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  init(slot: Int, generation: UInt32) {
    rawValue = UInt64(generation) << 32 | UInt64(UInt32(truncatingIfNeeded: slot))
  }

  var slot: Int { Int(rawValue & 0x7FFF_FFFF) }
  var generation: UInt32 { UInt32(rawValue >> 32) }
}

/// The connections of an event loop.
struct ConnectionTable {
  private struct Slot {
    var generation: UInt32 = 0
    var connection: Connection?
  }

  private var slots: [Slot] = []
  private var free: [Int] = []
  private(set) var count = 0

  /// The connection with that token; nil once it is closed, even if another one has its slot by then.
  subscript(token: Token) -> Connection? {
    guard token.slot < slots.count, slots[token.slot].generation == token.generation else { return nil }
    return slots[token.slot].connection
  }

  /// The token of the next connection that is inserted.
  var nextToken: Token {
    guard let slot = free.last else { return Token(slot: slots.count, generation: 0) }
    return Token(slot: slot, generation: slots[slot].generation)
  }

  /// - Precondition: The connection's token is ``nextToken``.
  mutating func insert(_ connection: Connection) {
    if let slot = free.popLast() {
      slots[slot].connection = connection
    } else {
      slots.append(Slot(connection: connection))
    }
    count += 1
  }

  mutating func remove(_ token: Token) {
    guard self[token] != nil else { return }
    slots[token.slot].connection = nil
    // One bit less than available, so that no token equals one of the loop's own.
    slots[token.slot].generation = (token.generation + 1) & 0x7FFF_FFFF
    free.append(token.slot)
    count -= 1
  }

  var all: [Connection] { slots.compactMap(\.connection) }
}
