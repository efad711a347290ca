/// The page of the matching events to read.
public enum Args: Sendable, Hashable {
  /// At most `first` events after a position.
  case forward(first: Int = defaultCount, after: Start = .beginning)
  /// The last `last` events, or the last ones before a position.
  case backward(last: Int = defaultCount, before: Cursor? = nil)

  /// The start of a forward read.
  public enum Start: Sendable, Hashable {
    case beginning
    /// After the position of a cursor.
    case after(Cursor)
    /// The current end of the log: only events that commit from now on.
    case now
  }

  /// The default number of events on a page.
  public static let defaultCount = 40
  /// The allowed numbers of events. A store may return fewer, and report that there are more.
  public static let countRange = 0...65535

  /// Checks the arguments of a read. An executor calls this first.
  ///
  /// - Throws: `invalid_request` if a number is out of range or a name is invalid.
  public static func check(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args
  ) throws(EventoError) {
    try args.check()
    try routingKey.check()
    if let aggregators { try ReadAggregator.check(aggregators) }
  }

  /// - Throws: `invalid_request` if the number of events is out of range.
  private func check() throws(EventoError) {
    let (label, count) =
      switch self {
      case .forward(let first, _): ("first", first)
      case .backward(let last, _): ("last", last)
      }
    guard Self.countRange.contains(count) else {
      throw EventoError(
        .invalidRequest,
        "\(label) must be \(Self.countRange.lowerBound) to \(Self.countRange.upperBound), but is \(count).")
    }
  }
}
