/// Which page of the matching events to read.
public enum Args: Sendable, Hashable {
  /// At most `first` events from a place on.
  case forward(first: Int = defaultCount, after: Start = .beginning)
  /// The last `last` events of all, or of those before a place.
  case backward(last: Int = defaultCount, before: Cursor? = nil)

  /// Where a read forward starts.
  public enum Start: Sendable, Hashable {
    case beginning
    /// Right behind the place that a cursor names.
    case after(Cursor)
    /// The end of the log as it is at this moment: what commits from now on.
    case now
  }

  /// The number of events of a page that says nothing else.
  public static let defaultCount = 40
  /// The numbers of events that may be asked for. A store may answer fewer and say that there are more.
  public static let countRange = 0...65535

  /// Checks all that a read is asked for: what an executor does first with it.
  ///
  /// - Throws: `invalid_request` where something is out of range or form.
  public static func check(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args
  ) throws(EventoError) {
    try args.check()
    try routingKey.check()
    if let aggregators { try ReadAggregator.check(aggregators) }
  }

  /// - Throws: `invalid_request` where the number asked for is out of range.
  private func check() throws(EventoError) {
    let (label, count) =
      switch self {
      case .forward(let first, _): ("first", first)
      case .backward(let last, _): ("last", last)
      }
    guard Self.countRange.contains(count) else {
      throw EventoError(
        .invalidRequest, "\(label) must be \(Self.countRange.lowerBound) to \(Self.countRange.upperBound).")
    }
  }
}
