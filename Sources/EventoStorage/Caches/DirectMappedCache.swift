/// A bounded cache of values by row id (https://en.wikipedia.org/wiki/Cache_placement_policies#Direct-mapped_cache).
///
/// Each id has one slot, given by its lower bits, and replaces the value that is in it. The ids of a table count from
/// 1, so consecutive ids, up to the number of slots, never collide. Storing and finding a value takes one access to a
/// slot.
///
/// Finding and storing are specialized in the modules of the stores: a page finds the names of each of its rows. For
/// that, they must be inlinable, and the class usable from inline.
@usableFromInline
package final class DirectMappedCache<Value> {
  @usableFromInline typealias Slot = (id: Int64, value: Value)?

  // Not an array, which would be retained and released at each access: each row of a page has two. Only this class has
  // the address, and all slots are initialized from `init` to `deinit`. Nothing here calls foreign code while it changes
  // the property, so its accesses can't overlap, and need not be checked.
  @exclusivity(unchecked) @usableFromInline var slots: UnsafeMutableBufferPointer<Slot>
  @usableFromInline let limit: Int

  /// The initial number of slots. It grows as ids require.
  private static var fewest: Int { 64 }

  /// - Parameter limit: The maximum number of slots, a power of two.
  package init(limit: Int) {
    precondition(limit >= Self.fewest && limit & (limit - 1) == 0, "The limit must be a power of two, and at least 64.")
    self.limit = limit
    slots = Self.empty(Self.fewest)
  }

  deinit {
    slots.deinitialize()
    slots.deallocate()
  }

  /// - Complexity: O(1).
  @inlinable package subscript(id: Int64) -> Value? {
    guard let slot = slots[slotIndex(of: id)], slot.id == id else { return nil }
    return slot.value
  }

  /// Stores a value, and replaces the one in its slot, if any.
  ///
  /// - Complexity: amortized O(1).
  @inlinable package func keep(_ value: Value, at id: Int64) {
    while slots.count < limit, let other = slots[slotIndex(of: id)]?.id, other != id { grow() }
    slots[slotIndex(of: id)] = (id, value)
  }

  package func removeAll() {
    let old = slots
    slots = Self.empty(Self.fewest)
    old.deinitialize()
    old.deallocate()
  }

  /// The number of stored values.
  package var count: Int { slots.count { $0 != nil } }

  @inlinable static func empty(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: nil)
    return slots
  }

  @inlinable func slotIndex(of id: Int64) -> Int {
    Int(truncatingIfNeeded: id) & (slots.count - 1)
  }

  @inlinable func grow() {
    let old = slots
    slots = Self.empty(old.count * 2)
    // Two ids with different slots still have different ones.
    for index in old.indices {
      if let slot = old.moveElement(from: index) { slots[slotIndex(of: slot.id)] = slot }
    }
    old.deallocate()
  }
}
