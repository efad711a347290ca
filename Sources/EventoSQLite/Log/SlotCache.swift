/// What rows with certain ids say, for as long as nobody needs the place.
///
/// Each id has one slot, that of its lower bits, and takes it from whoever has it: the ids of a table run from 1 on, so
/// that as many of a row as there are slots never meet. Neither keeping nor finding costs more than the look at a slot,
/// and what is kept is bounded.
struct SlotCache<Value> {
  private var slots: [(id: Int64, value: Value)?] = []
  private let limit: Int

  /// Slots at first; there are more as ids need them.
  private static var fewest: Int { 64 }

  /// - Parameter limit: slots at most, a power of two.
  init(limit: Int) {
    precondition(limit >= Self.fewest && limit & (limit - 1) == 0, "a power of two, 64 at least")
    self.limit = limit
  }

  /// - Complexity: O(1).
  subscript(id: Int64) -> Value? {
    guard !slots.isEmpty, let slot = slots[place(of: id)], slot.id == id else { return nil }
    return slot.value
  }

  /// Keeps a value in the place of the one that has the slot, if any.
  ///
  /// - Complexity: amortized O(1).
  mutating func keep(_ value: Value, at id: Int64) {
    if slots.isEmpty { slots = Array(repeating: nil, count: Self.fewest) }
    while slots.count < limit, let other = slots[place(of: id)], other.id != id { grow() }
    slots[place(of: id)] = (id, value)
  }

  mutating func removeAll() {
    slots = []
  }

  /// How many are kept.
  var count: Int { slots.count { $0 != nil } }

  private func place(of id: Int64) -> Int {
    Int(truncatingIfNeeded: id) & (slots.count - 1)
  }

  private mutating func grow() {
    let kept = slots
    slots = Array(repeating: nil, count: slots.count * 2)
    // Two that were apart stay apart.
    for case let slot? in kept { slots[place(of: slot.id)] = slot }
  }
}
