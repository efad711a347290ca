/// A condition of a write: no event may match its filters.
public struct WriteCondition: Sendable, Equatable {
  /// 1 … ``ReadAggregator/maximumCount`` filters. If an event matches one of them, nothing is written.
  public var failIfEventsMatch: [ReadAggregator]
  /// A position in the log: only events after it count. If it is `nil`, all events count.
  public var after: Cursor?

  public init(failIfEventsMatch: [ReadAggregator], after: Cursor? = nil) {
    self.failIfEventsMatch = failIfEventsMatch
    self.after = after
  }

  /// Checks the members.
  ///
  /// - Throws: `invalid_request` if there are no filters or too many, or if one is invalid.
  public func check() throws {
    let counts = 1...ReadAggregator.maximumCount
    guard counts.contains(failIfEventsMatch.count) else {
      throw EventoError(
        .invalidRequest,
        "A condition takes \(counts.lowerBound) to \(counts.upperBound) filters, but has \(failIfEventsMatch.count).")
    }
    try ReadAggregator.check(failIfEventsMatch)
  }
}
