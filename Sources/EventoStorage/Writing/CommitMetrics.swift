package import Evento
internal import Synchronization

/// Counts the commits of a writer, for `/metrics`.
package final class CommitMetrics: Sendable {
  private struct State {
    var duration = Histogram([
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ])
    var writes = Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
    var events = 0
    var bytes = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Counts a commit.
  ///
  /// - Parameters:
  ///   - writes: The number of writes that shared it.
  ///   - duration: The time from its beginning until it was on disk.
  ///   - added: The events that it added.
  package func add(writes: Int, duration: Duration, _ added: [AddedEvents]) {
    var (events, bytes) = (0, 0)
    for write in added {
      events += write.events.count
      bytes += write.contentBytes
    }
    state.withLock { state in
      state.duration.add(duration)
      state.writes.add(Double(writes))
      state.events += events
      state.bytes += bytes
    }
  }

  /// Returns the metrics of a store.
  ///
  /// - Parameter others: Those that only this kind of store has.
  package func metrics(waitingWrites: Int, others: [StoreMetrics.Metric] = []) -> StoreMetrics {
    let (duration, writes, events, bytes) = state.withLock { ($0.duration, $0.writes, $0.events, $0.bytes) }
    return StoreMetrics(
      waitingWrites: waitingWrites, commits: duration.count,
      others: [
        .init(
          "evento_commit_duration_seconds", .histogram,
          "Time of a commit, from its beginning until it is on disk, in seconds.", .distribution(duration)),
        .init(
          "evento_commit_writes", .histogram, "Writes that share a commit, including those that it refuses.",
          .distribution(writes)),
        .init("evento_written_events_total", .counter, "Events added to the log by this gateway.", .count(events)),
        .init(
          "evento_written_bytes_total", .counter, "Bytes of the payloads and metadata of those events.", .count(bytes)),
      ] + others)
  }
}

extension AddedEvents {
  /// The size of all payloads and metadata, in bytes.
  fileprivate var contentBytes: Int {
    // Borrowed: copying an event would retain and release each of its members.
    events.indices.reduce(0) { $0 + events.span[$1].data.bytes.count + events.span[$1].metadata.bytes.count }
  }
}
