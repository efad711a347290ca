/// What was used lately: a bounded number of values by key.
///
/// In two halves: where the younger is full, it becomes the older, and what was older is dropped; what is found in the
/// older moves to the younger. So what is in use stays, at the price of a look at two dictionaries.
struct TwoGenerationCache<Key: Hashable, Value> {
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]
  private let half: Int

  /// - Parameter limit: values at most, 2 at least.
  init(limit: Int) {
    half = max(limit / 2, 1)
  }

  /// How many are kept.
  var count: Int { young.count + old.count }

  /// - Complexity: amortized O(1).
  mutating func value(at key: Key) -> Value? {
    if let value = young[key] { return value }
    guard let value = old.removeValue(forKey: key) else { return nil }
    keep(value, at: key)
    return value
  }

  /// - Complexity: amortized O(1).
  mutating func keep(_ value: Value, at key: Key) {
    guard young.updateValue(value, forKey: key) == nil else { return }
    if !old.isEmpty { old.removeValue(forKey: key) }
    if young.count >= half {
      swap(&young, &old)
      // With its room, which will be needed again.
      young.removeAll(keepingCapacity: true)
    }
  }

  mutating func removeAll() {
    young = [:]
    old = [:]
  }
}
