internal import Evento
internal import EventoStorage
internal import Synchronization

/// Wakes the callers that wait for events, for the commits of this gateway and those of others.
final class CommitAnnouncer: Sendable {
  let signal = CommitSignal()
  /// The last position that was announced. Locked while the signal advances, so that the hints come in the order of the
  /// commits.
  private let end: Mutex<Int64>

  /// - Parameter end: The position of the last event of the log.
  init(end: Int64) {
    self.end = Mutex(end)
  }

  /// Announces the events of a batch that was committed.
  ///
  /// - Parameter began: A time before the commit began.
  func announce(_ batch: WriteBatch, began: ContinuousClock.Instant) {
    end.withLock { end in
      let last = batch.store.end
      guard last.position > end else { return }
      // If another gateway has committed since, the log has more new events than those of the batch.
      let isKnown = batch.base.end.position == end && batch.rows.count <= CommitHint.maximumEvents
      end = last.position
      signal.advance(isKnown ? CommitHint(batch, began: began) : nil)
    }
  }

  /// Announces the end of the log, after commits of other gateways.
  func announce(end position: Int64) {
    end.withLock { end in
      guard position > end else { return }
      end = position
      signal.advance()
    }
  }

  /// Announces a log that may have another history, after a failover.
  ///
  /// - Parameter position: The end of the log, which can be before the one that was announced last.
  func reset(end position: Int64) {
    end.withLock { end in
      end = position
      signal.advance()
    }
  }
}

extension CommitHint {
  fileprivate init(_ batch: WriteBatch, began: ContinuousClock.Instant) {
    var events: [Event] = []
    events.reserveCapacity(batch.rows.count)
    for write in batch.added {
      for (event, written) in zip(write.events, write.written) {
        events.append(
          Event(
            aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name,
            routingKey: written.routingKey))
      }
    }
    self.init(events: events, end: batch.store.end.cursor, began: began)
  }
}
