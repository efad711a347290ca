internal import Evento

/// A write of events: by far the most frequent job, which is why it is one object and not closures in closures.
final class EventWriteJob: Job {
  typealias Completion = @Sendable (Result<WriteResult, EventoError>) -> Void

  private let events: [NewEvent]
  private let condition: WriteCondition?
  private let look: ConditionLook?
  private let now: @Sendable () -> Timestamp
  private let completion: Completion
  let bytes: Int

  /// - Parameters:
  ///   - events: checked by ``NewEvent/check(_:)``.
  ///   - look: a reader's check of the condition, if there was one.
  init(
    _ events: [NewEvent], _ condition: WriteCondition?, _ look: ConditionLook? = nil,
    now: @escaping @Sendable () -> Timestamp, completion: @escaping Completion
  ) {
    self.events = events
    bytes = events.reduce(0) { $0 + $1.data.bytes.count + $1.metadata.bytes.count }
    self.condition = condition
    self.look = look
    self.now = now
    self.completion = completion
  }

  func run(on session: Writer.Session) throws(SQLiteFailure) -> Answer {
    let outcome = try Self.outcome {
      let result = try EventWriter(
        connection: session.connection, catalog: session.catalog, memory: session.memory, pending: session.pending,
        now: now
      )
      .write(events, condition: condition, look: look, tag: session.tag)
      if !result.isResend { session.hasAddedEvents = true }
      return result
    }
    return { [completion] in completion(outcome) }
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}
