internal import Evento
internal import Synchronization

/// The events that have come, each of which has to be the next of those that were written.
final class Arrivals: Sendable {
  /// Of all events, in the order in which they are written.
  let ids: [ULID]
  private let state = Mutex(State())
  private let moves = CommitSignal()

  private struct State {
    var count = 0
    var failure: ConformanceFailure?
  }

  init(of ids: [ULID]) {
    self.ids = ids
  }

  var total: Int { ids.count }

  /// Takes the next event. Where it is another one, all who wait are told, and nobody else.
  func take(_ event: Event) {
    state.withLock { state in
      guard state.failure == nil else { return }
      do throws(ConformanceFailure) {
        try require(state.count < ids.count, "event \(event.version) came behind the last")
        try requireEqual(event.id, ids[state.count], "the event behind the first \(state.count)")
        try requireEqual(event.version, state.count + 1, "the version of the event behind the first \(state.count)")
        state.count += 1
      } catch {
        state.failure = error
      }
    }
    moves.advance()
  }

  /// Whether the last event has come.
  ///
  /// - Throws: where one has come that is not the next.
  func areComplete() throws -> Bool { try count() == total }

  private func count() throws -> Int {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.count
    }
  }

  /// Waits until a number of events has come, however long that takes: ``watch(_:)`` is who loses patience.
  ///
  /// - Throws: where one has come that is not the next, or the task is cancelled.
  func wait(for number: Int) async throws {
    while true {
      let seen = moves.count
      guard try count() < number else { return }
      await moves.wait(past: seen, until: .now + .seconds(60))
      try Task.checkCancellation()
    }
  }

  /// Returns when the last event has come.
  ///
  /// - Parameter patience: how long it may take until the first event comes, and then the next.
  /// - Throws: where it takes longer, or one has come that is not the next, or the task is cancelled.
  func watch(_ patience: Duration) async throws {
    var (arrived, deadline) = (0, ContinuousClock.now + patience)
    while true {
      let moved = moves.count
      let number = try count()
      guard number < total else { return }
      // That the signal moves on says nothing: an event is counted before it does.
      if number > arrived { (arrived, deadline) = (number, .now + patience) }
      try require(
        .now < deadline, "\(number) of \(total) events had arrived when no other one came for \(patience)")
      await moves.wait(past: moved, until: deadline)
      try Task.checkCancellation()
    }
  }
}
