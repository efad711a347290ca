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
