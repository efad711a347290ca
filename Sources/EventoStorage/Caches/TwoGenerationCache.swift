/// A cache of recently used values by key, with a bounded size.
///
/// It has two halves. When the younger one is full, it replaces the older one, whose values are dropped. A value that
/// is found in the older half moves to the younger. So values in use stay, at the cost of two dictionary look-ups.
package struct TwoGenerationCache<Key: Hashable, Value> {
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]
  private let half: Int

  /// - Parameter limit: The maximum number of values, at least 2.
  package init(limit: Int) {
    half = max(limit / 2, 1)
  }

  /// The number of values.
  package var count: Int { young.count + old.count }

  /// - Complexity: amortized O(1).
  package mutating func value(at key: Key) -> Value? {
    if let value = young[key] { return value }
    guard let value = old.removeValue(forKey: key) else { return nil }
    keep(value, at: key)
    return value
  }

  /// - Complexity: amortized O(1).
  package mutating func keep(_ value: Value, at key: Key) {
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
