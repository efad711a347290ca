internal import Evento
internal import EventoStorage

/// A write of events: by far the most frequent job, so it is one object and not nested closures.
final class EventWriteJob: Job {
  typealias Completion = @Sendable (Result<WriteResult, EventoError>) -> Void

  private let events: [NewEvent]
  private let condition: WriteCondition?
  private let precheck: ConditionPrecheck?
  private let now: @Sendable () -> Timestamp
  private let cancelled: @Sendable () -> Bool
  private let completion: Completion
  let size: WriteSize

  /// - Parameters:
  ///   - events: Events that ``NewEvent/check(_:)`` has checked.
  ///   - precheck: A reader's check of the condition, if there was one.
  ///   - isCancelled: Returns whether the caller has stopped waiting. The write then does not begin.
  init(
    _ events: [NewEvent], _ condition: WriteCondition?, _ precheck: ConditionPrecheck? = nil,
    now: @escaping @Sendable () -> Timestamp, unless isCancelled: @escaping @Sendable () -> Bool = { false },
    completion: @escaping Completion
  ) {
    self.events = events
    size = WriteSize(events)
    self.condition = condition
    self.precheck = precheck
    self.now = now
    self.cancelled = isCancelled
    self.completion = completion
  }

  var isCancelled: Bool { cancelled() }

  func run(on session: WriterSession) throws(SQLiteFailure) -> Report {
    let outcome = try Self.outcome {
      let result = try EventWriter(
        connection: session.connection, symbols: session.symbols, headCache: session.headCache,
        insertBuffer: session.insertBuffer,
        now: now
      )
      .write(events, condition: condition, precheck: precheck, commitID: session.commitID)
      if !result.isResend { session.add(AddedEvents(events: events, written: result.events)) }
      return result
    }
    return { [completion] in completion(outcome) }
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }

  var adviceInDoubt: String { EventoError.adviceForWriteInDoubt }
}
