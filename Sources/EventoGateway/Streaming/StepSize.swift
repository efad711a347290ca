/// The size of a follower's next step: how much of the log it reads and sends at once.
///
/// A step costs several changes of thread, whatever its size, so a follower that is behind takes large ones. But a step
/// is held until the client has read it. So they grow only as long as the client reads them quickly, and one slow step
/// brings back the smallest size.
struct StepSize: Sendable {
  /// The maximum size of the lines, in bytes. A larger event is a step of its own.
  private(set) var bytes = StepSize.leastBytes
  /// The average size of the last step's lines.
  private var lineBytes = StepSize.leastBytes / StepSize.leastEvents

  private static let leastEvents = 64
  private static let mostEvents = 1000
  static let leastBytes = 64 << 10
  static let mostBytes = 256 << 10
  /// The maximum time in which a client reads a step quickly: a thousand clients that all lag take longer.
  private static let quick: Duration = .milliseconds(50)

  /// The number of unread bytes below which the next step is read: while the last one is sent, if steps are large.
  var unreadBytes: Int { bytes > Self.leastBytes ? bytes : 0 }

  /// Chooses the next size.
  ///
  /// - Parameter duration: The time in which the client read the last step.
  mutating func adapt(to duration: Duration) {
    bytes = duration <= Self.quick ? min(bytes * 2, Self.mostBytes) : Self.leastBytes
  }

  /// The number of events to read: a store reads few that do not fit.
  var events: Int { min(max(bytes / lineBytes, Self.leastEvents), Self.mostEvents) }

  /// Estimates the size of the next lines by those of a page.
  mutating func estimateLines(by page: PageCache.Page) {
    if page.eventCount > 0 { lineBytes = max(page.lines.count / page.eventCount, 1) }
  }

  /// Returns to the smallest size: the follower is at the end of the log.
  mutating func reset() { self = StepSize() }
}
