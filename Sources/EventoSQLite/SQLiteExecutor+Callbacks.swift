package import Evento

extension SQLiteExecutor: CallbackExecutor {
  package func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    let checks = {
      try NewEvent.check(events)
      try condition?.check()
    }
    guard passes(completion, checks) else { return }
    let now = configuration.now
    guard let condition, let prechecks, ConditionPrecheck.isNeeded(for: condition) else {
      return writer.submit(
        EventWriteJob(events, condition, now: now, unless: isCancelled, completion: completion))
    }
    prechecks.check(condition, unless: isCancelled) { [writer] result in
      switch result {
      case .success(let precheck):
        writer.submit(
          EventWriteJob(events, condition, precheck, now: now, unless: isCancelled, completion: completion))
      case .failure(let error): completion(.failure(error))
      }
    }
  }

  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    guard passes(completion, { try Args.check(aggregators, routingKey, args) }) else { return }
    let limits = pageLimits
    readers.perform(unless: isCancelled, completion: completion) { session in
      let reader = EventReader(connection: session.connection, symbols: session.symbols, limits: limits)
      var builder = builder()
      let info = try reader.show(aggregators, routingKey, args, to: &builder)
      return builder.finish(info)
    }
  }

  package func viewEvent<Value: Sendable>(
    _ id: ULID, unless isCancelled: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void
  ) {
    readers.perform(unless: isCancelled, completion: completion) { session in
      try EventRow.withView(id, on: session.connection, session.symbols, body)
    }
  }

  package func getSnapshot(
    _ key: SnapshotKey, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void
  ) {
    guard passes(completion, { try key.check() }) else { return }
    readers.perform(unless: isCancelled, completion: completion) { session in
      try SnapshotTable(connection: session.connection).snapshot(key)
    }
  }

  package func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    switch writer.health.verdict {
    case .healthy: completion(writer.health.checkpointFailure)
    case .unhealthy(let failure): completion(failure)
    case .unknown:
      let needed = writer.health.neededBytes
      let report: @Sendable (Result<Void, EventoError>) -> Void = { [writer] result in
        if case .failure(let failure) = result {
          // The text for a failed write does not fit a probe.
          completion(writer.health.displacement ?? failure)
        } else {
          if let needed { writer.health.hasRoom(for: needed) }
          completion(writer.health.checkpointFailure)
        }
      }
      writer.perform(completion: report) { [writer] session in
        // A full disk may have room for the one page of a probe in its last block, but not for an event.
        let least = max(Self.leastFreeBytes, needed ?? 0)
        if let free = writer.freeBytes, free < least {
          throw EventoError(
            .unavailable,
            "The disk has only \(free) bytes free, but the store needs at least \(least). Free some space."
          )
        }
        // Only a write detects a quota or a limit on the size of files.
        if let needed { try session.connection.probeRoom(for: needed) }
        try session.connection.run("UPDATE store SET probe = probe + 1")
      }
    }
  }

  package func checkReadinessWithoutWriting(completion: @escaping @Sendable (EventoError?) -> Void) {
    completion(writer.health.knownFailure)
  }

  package func readFigures(
    slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void
  ) {
    readers.perform(completion: completion) { session in
      try SubscriberTable(connection: session.connection).figures(slowest: slowest)
    }
  }

  /// The free bytes on the disk that an idle store requires to be ready.
  private static var leastFreeBytes: Int { 1 << 20 }

  package var metrics: StoreMetrics? {
    var metrics = writer.metrics
    metrics.waitingWrites += prechecks?.waiting ?? 0
    return metrics
  }
}
