/// A cache of recently used values by key, with a bounded size.
///
/// It has two halves. When the younger one is full, it replaces the older one, whose values are dropped. A value that
/// is found in the older half moves to the younger. So values in use stay, at the cost of two dictionary look-ups.
///
/// Finding and storing are inlinable, so that they are specialized, as in ``CommitQueue``: each write does both.
@usableFromInline
package struct TwoGenerationCache<Key: Hashable, Value> {
  @usableFromInline var young: [Key: Value] = [:]
  @usableFromInline var old: [Key: Value] = [:]
  @usableFromInline let half: Int

  /// - Parameter limit: The maximum number of values, at least 2.
  package init(limit: Int) {
    half = max(limit / 2, 1)
  }

  /// The number of values.
  package var count: Int { young.count + old.count }

  /// - Complexity: amortized O(1).
  @inlinable package mutating func value(at key: Key) -> Value? {
    if let value = young[key] { return value }
    guard let value = old.removeValue(forKey: key) else { return nil }
    keep(value, at: key)
    return value
  }

  /// - Complexity: amortized O(1).
  @inlinable package mutating func keep(_ value: Value, at key: Key) {
    guard young.updateValue(value, forKey: key) == nil else { return }
    if !old.isEmpty { old.removeValue(forKey: key) }
    if young.count >= half {
      swap(&young, &old)
      // Keeps its capacity, which is needed again.
      young.removeAll(keepingCapacity: true)
    }
  }

  package mutating func removeAll() {
    young = [:]
    old = [:]
  }
}
