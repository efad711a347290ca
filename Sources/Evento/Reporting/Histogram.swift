/// The distribution of values, as the number of those up to each of some bounds: a histogram of Prometheus
/// (https://prometheus.io/docs/concepts/metric_types/#histogram).
package struct Histogram: Sendable, Equatable {
  /// The upper bounds of the buckets, in ascending order.
  package let bounds: [Double]
  /// The number of values in each bucket alone. Values above the last bound are in none.
  package private(set) var buckets: [Int]
  package private(set) var count = 0
  package private(set) var sum = 0.0

  package init(_ bounds: [Double]) {
    self.bounds = bounds
    buckets = Array(repeating: 0, count: bounds.count)
  }

  package mutating func add(_ value: Double) {
    count += 1
    sum += value
    if let bucket = bounds.firstIndex(where: { value <= $0 }) { buckets[bucket] += 1 }
  }

  /// Adds a duration in seconds.
  package mutating func add(_ duration: Duration) {
    add(duration / .seconds(1))
  }
}
