internal import Synchronization

/// A signal of commits for a worker whose store has none of its own: it moves on with each event that a follower gets.
///
/// What is read stays the worker's own affair. An event may move the signal on that the worker has read by itself before:
/// then it looks once in vain.
final class FollowedLog: Sendable {
  let commits = CommitSignal()
  private let store: any Executor
  private let filters: [ReadAggregator]
  private let routingKey: RoutingKey
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(_ store: any Executor, _ filters: [ReadAggregator], _ routingKey: RoutingKey) {
    self.store = store
    self.filters = filters
    self.routingKey = routingKey
  }

  /// Begins to follow, where it has not begun.
  ///
  /// - Parameters:
  ///   - start: the place behind which nothing has been read yet.
  ///   - pause: waits before it begins again, where the store has refused to go on.
  func begin(
    after start: @escaping @Sendable () async throws -> Args.Start,
    pause: @escaping @Sendable () async -> Void
  ) {
    task.withLock { task in
      guard task == nil else { return }
      task = Task { [commits, store, filters, routingKey] in
        while !Task.isCancelled {
          do {
            let events = store.events(matching: filters, routingKey: routingKey, after: try await start())
            for try await _ in events { commits.advance() }
          } catch {
            // The worker's own read of the log meets it too, and that one is reported.
            await pause()
            commits.advance()
          }
        }
      }
    }
  }

  func end() {
    task.withLock { task in
      task?.cancel()
      task = nil
    }
  }
}
