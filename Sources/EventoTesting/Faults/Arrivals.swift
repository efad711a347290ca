internal import Evento
internal import Synchronization

/// The events received so far. Each must be the next one of those written.
final class Arrivals: Sendable {
  /// The ids of all events, in the order in which they are written.
  let ids: [ULID]
  private let state = Mutex(State())
  /// Advances with each arrival: the library's signal has the count and the waits with a deadline that are needed here.
  private let signal = CommitSignal()

  private struct State {
    var count = 0
    var failure: ConformanceFailure?
  }

  init(of ids: [ULID]) {
    self.ids = ids
  }

  var total: Int { ids.count }

  /// Records the next event. If it is another one, all waiting tasks fail.
  func take(_ event: Event) {
    state.withLock { state in
      guard state.failure == nil else { return }
      do throws(ConformanceFailure) {
        try require(state.count < ids.count, "event \(event.version) arrived after the last one")
        try requireEqual(event.id, ids[state.count], "the event after the first \(state.count)")
        try requireEqual(event.version, state.count + 1, "the version of the event after the first \(state.count)")
        state.count += 1
      } catch {
        state.failure = error
      }
    }
    signal.advance()
  }

  /// Returns whether the last event has arrived.
  ///
  /// - Throws: An error if an event other than the next one has arrived.
  func areComplete() throws -> Bool { try count() == total }

  private func count() throws -> Int {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.count
    }
  }

  /// Waits until a number of events has arrived, without a limit: ``watch(_:)`` has the limit.
  ///
  /// - Throws: An error if an event other than the next one has arrived, or the task is cancelled.
  func wait(for number: Int) async throws {
    while true {
      let seen = signal.count
      guard try count() < number else { return }
      await signal.wait(past: seen, until: .now + .seconds(60))
      try Task.checkCancellation()
    }
  }

  /// Waits until the last event has arrived.
  ///
  /// - Parameter patience: The maximum time until the first event, and until each next one.
  /// - Throws: An error if it takes longer, an event other than the next one has arrived, or the task is cancelled.
  func watch(_ patience: Duration) async throws {
    var (arrived, deadline) = (0, ContinuousClock.now + patience)
    while true {
      let seen = signal.count
      let number = try count()
      guard number < total else { return }
      // The signal alone proves nothing: an event is counted before it advances.
      if number > arrived { (arrived, deadline) = (number, .now + patience) }
      try require(
        .now < deadline, "\(number) of \(total) events had arrived, and then none for \(patience)")
      await signal.wait(past: seen, until: deadline)
      try Task.checkCancellation()
    }
  }
}
