internal import ByteCoding
package import Logging
internal import Synchronization

/// Logs errors that repeat: the first one at once, then at most one a minute with a count.
///
/// Different kinds of error are counted separately.
package final class FailureLog: Sendable {
  private struct Entry {
    /// The time since a line was logged.
    var sinceLine: Stopwatch
    /// The number of errors that were not logged.
    var unlogged = 0
    /// True if errors were logged and no recovery.
    var isOpen = true
  }

  private let logger: Logger
  private let clock: any Clock<Duration>
  private let entries = Mutex<[String: Entry]>([:])
  private static let interval = Duration.seconds(60)

  package init(_ logger: Logger, clock: any Clock<Duration> = ContinuousClock()) {
    self.logger = logger
    self.clock = clock
  }

  package func failed(_ kind: String, _ level: Logger.Level, _ text: @autoclosure () -> String) {
    let unlogged: Int? = entries.withLock { entries in
      if let entry = entries[kind], entry.sinceLine.elapsed < Self.interval {
        entries[kind]?.unlogged += 1
        return nil
      }
      let unlogged = entries[kind]?.unlogged ?? 0
      entries[kind] = Entry(sinceLine: Stopwatch(clock))
      return unlogged
    }
    guard let unlogged else { return }
    log(level, text() + (unlogged > 0 ? " (and \(unlogged) more since the last line)" : ""))
  }

  /// Logs a recovery if an error was logged before.
  package func recovered(_ kind: String, _ text: @autoclosure () -> String) {
    let wasOpen = entries.withLock { entries in
      defer { entries[kind]?.isOpen = false }
      return entries[kind]?.isOpen ?? false
    }
    if wasOpen { log(.notice, text()) }
  }

  /// Logs a line in any case. It may contain text from outside.
  package func log(_ level: Logger.Level, _ text: String) {
    logger.log(level: level, "\(PrintableText.escaped(text))")
  }
}

/// Measures elapsed time with any clock.
package struct Stopwatch: Sendable {
  private let read: @Sendable () -> Duration

  /// Starts measuring.
  package init(_ clock: any Clock<Duration>) {
    read = Self.reader(clock)
  }

  package var elapsed: Duration { read() }

  private static func reader<Source: Clock<Duration>>(_ clock: Source) -> @Sendable () -> Duration {
    let start = clock.now
    return { start.duration(to: clock.now) }
  }
}
