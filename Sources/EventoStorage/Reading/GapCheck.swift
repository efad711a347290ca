/// Checks that numbers which a page reads one after the other have no gaps: the positions of all events, or the versions
/// of an aggregate.
package struct GapCheck {
  private let direction: ReadDirection
  /// The next number; `nil` if it can be any.
  private var next: Int64?

  /// - Parameter start: The number before the first one, in the direction; `nil` if it is unknown.
  package init(after start: Int64?, _ direction: ReadDirection) {
    self.direction = direction
    // A position that a caller has named can be the largest or smallest integer.
    next = start.map { direction == .forward ? $0 &+ 1 : $0 &- 1 }
  }

  /// The missing numbers from 1 on, once a backward read has found no more; `nil` if it has come to 1.
  package var gapAtBeginning: ClosedRange<Int64>? {
    guard direction == .backward, let next, next > 0 else { return nil }
    return 1...next
  }

  /// Takes the next number.
  ///
  /// - Returns: The missing numbers before it; an empty range if it is not in order.
  package mutating func gap(before number: Int64) -> Range<Int64>? {
    let expected = next
    next = direction == .forward ? number &+ 1 : number &- 1
    guard let expected, expected != number else { return nil }
    switch direction {
    case .forward: return expected < number ? expected..<number : number..<number
    case .backward: return number < expected ? number + 1..<expected + 1 : number..<number
    }
  }
}
