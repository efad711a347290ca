import Evento

/// An executor with none of the abilities beyond the eight operations. Its reads wait at a gate, and then fail with
/// something that must not be told.
struct GatedExecutor: Executor {
  let gate = Gate()

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    await gate.pass()
    throw EventoError(.internal, "the secret of the inside")
  }

  func write(_ events: [NewEvent]) async throws -> WriteResult { throw refusal }
  func getSubscriberCursor(_ key: String) async throws -> Cursor? { throw refusal }
  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool { throw refusal }
  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert { throw refusal }
  func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber { throw refusal }
  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { throw refusal }
  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws { throw refusal }

  private var refusal: EventoError { EventoError(.unavailable, "This store takes reads alone.") }
}
