public import Evento
internal import Synchronization

/// A clock that stands still until it is moved: what a test hands to an executor in place of the machine's.
public final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  /// - Parameter start: the time it shows at first; by default 2023-11-14T22:13:20Z.
  public init(_ start: Timestamp = Timestamp(seconds: 1_700_000_000)) {
    time = Mutex(start)
  }

  /// The time it shows.
  public var now: Timestamp { time.withLock { $0 } }

  /// Moves it, backward too.
  public func set(_ timestamp: Timestamp) {
    time.withLock { $0 = timestamp }
  }

  /// Moves it on.
  ///
  /// - Parameter milliseconds: how far; a negative number moves it back.
  public func advance(milliseconds: Int64) {
    time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
  }
}
