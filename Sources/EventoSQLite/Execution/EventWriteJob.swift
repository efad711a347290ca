internal import Evento

/// A write of events: by far the most frequent job, which is why it is one object and not closures in closures.
final class EventWriteJob: Job {
  typealias Completion = @Sendable (Result<WriteResult, EventoError>) -> Void

  private let events: [NewEvent]
  private let condition: WriteCondition?
  private let precheck: ConditionPrecheck?
  private let now: @Sendable () -> Timestamp
  private let completion: Completion
  let bytes: Int

  /// - Parameters:
  ///   - events: checked by ``NewEvent/check(_:)``.
  ///   - precheck: a reader's check of the condition, if there was one.
  init(
    _ events: [NewEvent], _ condition: WriteCondition?, _ precheck: ConditionPrecheck? = nil,
    now: @escaping @Sendable () -> Timestamp, completion: @escaping Completion
  ) {
    self.events = events
    bytes = events.indices.reduce(0) { $0 + Self.size(of: events.span[$1]) }
    self.condition = condition
    self.precheck = precheck
    self.now = now
    self.completion = completion
  }

  /// About how much an event adds to the write-ahead log, the entries of its indexes among it.
  private static func size(of event: borrowing NewEvent) -> Int {
    256 + event.data.bytes.count + event.metadata.bytes.count + event.aggregatorType.utf8.count
      + event.aggregatorID.utf8.count + event.name.utf8.count
  }

  func run(on session: Writer.Session) throws(SQLiteFailure) -> Answer {
    let outcome = try Self.outcome {
      let result = try EventWriter(
        connection: session.connection, catalog: session.catalog, memory: session.memory, pending: session.pending,
        now: now
      )
      .write(events, condition: condition, precheck: precheck, tag: session.tag)
      if !result.isResend { session.added.append(Writer.Addition(events: events, written: result.events)) }
      return result
    }
    return { [completion] in completion(outcome) }
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}
