public import Evento
internal import Synchronization

/// A clock that changes only when set: pass it to an executor instead of the machine's.
public final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  /// - Parameter start: The initial time; by default 2023-11-14T22:13:20Z.
  public init(_ start: Timestamp = Timestamp(seconds: 1_700_000_000)) {
    time = Mutex(start)
  }

  /// The current time.
  public var now: Timestamp { time.withLock { $0 } }

  /// Sets the time, which can go backward.
  public func set(_ timestamp: Timestamp) {
    time.withLock { $0 = timestamp }
  }

  /// Advances the time.
  ///
  /// - Parameter milliseconds: A negative number moves it back.
  public func advance(milliseconds: Int64) {
    time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
  }
}
