/// What rows with certain ids say, for as long as nobody needs the place.
///
/// Each id has one slot, that of its lower bits, and takes it from whoever has it: the ids of a table run from 1 on, so
/// that as many of a row as there are slots never meet. Neither keeping nor finding costs more than the look at a slot,
/// and what is kept is bounded.
final class DirectMappedCache<Value> {
  private typealias Slot = (id: Int64, value: Value)?

  // Not an array: that is held and let go at each look, which each row of a page has two of. Only this class has the
  // address, and all slots are initialized from `init` to `deinit`.
  private var slots: UnsafeMutableBufferPointer<Slot>
  private let limit: Int

  /// Slots at first; there are more as ids need them.
  private static var fewest: Int { 64 }

  /// - Parameter limit: slots at most, a power of two.
  init(limit: Int) {
    precondition(limit >= Self.fewest && limit & (limit - 1) == 0, "a power of two, 64 at least")
    self.limit = limit
    slots = Self.empty(Self.fewest)
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
  }

  /// - Complexity: O(1).
  subscript(id: Int64) -> Value? {
    guard let slot = slots[slotIndex(of: id)], slot.id == id else { return nil }
    return slot.value
  }

  /// Keeps a value in the place of the one that has the slot, if any.
  ///
  /// - Complexity: amortized O(1).
  func keep(_ value: Value, at id: Int64) {
    while slots.count < limit, let other = slots[slotIndex(of: id)], other.id != id { grow() }
    slots[slotIndex(of: id)] = (id, value)
  }

  func removeAll() {
    let old = slots
    slots = Self.empty(Self.fewest)
    old.deinitialize()
    old.deallocate()
  }

  /// How many are kept.
  var count: Int { slots.count { $0 != nil } }

  private static func empty(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: nil)
    return slots
  }

  private func slotIndex(of id: Int64) -> Int {
    Int(truncatingIfNeeded: id) & (slots.count - 1)
  }

  private func grow() {
    let old = slots
    slots = Self.empty(old.count * 2)
    // Two that were apart stay apart.
    for index in old.indices {
      if let slot = old.moveElement(from: index) { slots[slotIndex(of: slot.id)] = slot }
    }
    old.deallocate()
  }
}
