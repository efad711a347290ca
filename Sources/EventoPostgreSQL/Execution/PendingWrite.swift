internal import Evento
internal import EventoStorage

/// A write of events that waits for a commit.
struct PendingWrite: QueuedWrite {
  let events: [NewEvent]
  let condition: WriteCondition?
  let size: WriteSize
  /// The time when the caller gets an error.
  let deadline: ContinuousClock.Instant
  private let cancelled: @Sendable () -> Bool
  private let completion: Completion

  typealias Completion = @Sendable (Result<WriteResult, EventoError>) -> Void

  /// - Parameters:
  ///   - events: Events that ``NewEvent/check(_:)`` has checked.
  ///   - isCancelled: Returns whether the caller has stopped waiting. The write then does not begin.
  init(
    _ events: [NewEvent], _ condition: WriteCondition?, deadline: ContinuousClock.Instant,
    unless isCancelled: @escaping @Sendable () -> Bool, completion: @escaping Completion
  ) {
    self.events = events
    self.condition = condition
    self.deadline = deadline
    self.cancelled = isCancelled
    self.completion = completion
    size = WriteSize(events, filters: condition?.failIfEventsMatch.count ?? 0)
  }

  var isCancelled: Bool { cancelled() }

  func end(_ result: Result<WriteResult, EventoError>) { completion(result) }

  func fail(_ error: EventoError) { completion(.failure(error)) }
}
