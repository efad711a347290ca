internal import Synchronization

/// The callbacks of an executor without its own ones: it starts a task for each call.
package struct CallbackAdapter: CallbackExecutor {
  private let executor: any Executor
  private let tasks = CallTasks()

  package init(_ executor: any Executor) {
    self.executor = executor
  }

  package func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    run(unless: isCancelled, completion) { () async throws in try await executor.write(events, condition: condition) }
  }

  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    run(unless: isCancelled, completion) { () async throws in
      try await viewPage(aggregators, routingKey: routingKey, args: args, into: builder)
    }
  }

  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value {
    let page = try await executor.read(aggregators, routingKey: routingKey, args: args)
    var builder = builder()
    let info = page.forEachEvent(args) { builder.add($0) }
    return builder.finish(info)
  }

  package func viewEvent<Value: Sendable>(
    _ id: ULID, unless isCancelled: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void
  ) {
    run(unless: isCancelled, completion) { () async throws in try await executor.event(id).map { $0.withView(body) } }
  }

  package func getSnapshot(
    _ key: SnapshotKey, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void
  ) {
    run(unless: isCancelled, completion) { () async throws in try await executor.getSnapshot(key) }
  }

  package func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    let report: @Sendable (Result<Void, EventoError>) -> Void = { result in
      if case .failure(let error) = result { completion(error) } else { completion(nil) }
    }
    run(unless: { false }, report) { () async throws in try await executor.checkReadiness() }
  }

  package var metrics: StoreMetrics? { nil }

  private func run<Value: Sendable>(
    unless isCancelled: @escaping @Sendable () -> Bool,
    _ completion: @escaping @Sendable (Result<Value, EventoError>) -> Void,
    _ operation: @escaping @Sendable () async throws -> Value
  ) {
    tasks.start(unless: isCancelled) {
      let result: Result<Value, EventoError>
      do {
        result = .success(try await operation())
      } catch {
        result = .failure(EventoError(wrapping: error))
      }
      completion(result)
    }
  }
}

/// The tasks of calls. Each is cancelled when its caller has stopped waiting.
///
/// A caller does not report this, so it must be polled. One task polls all callers, while there are any.
private final class CallTasks: Sendable {
  private struct Call {
    let isCancelled: @Sendable () -> Bool
    let task: Task<Void, Never>
  }

  private struct State {
    var lastNumber = 0
    var calls: [Int: Call] = [:]
    var isWatched = false
  }

  private let state = Mutex(State())
  private static let interval: Duration = .milliseconds(100)

  func start(unless isCancelled: @escaping @Sendable () -> Bool, _ body: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      state.lastNumber += 1
      let number = state.lastNumber
      let task = Task {
        await body()
        end(number)
      }
      state.calls[number] = Call(isCancelled: isCancelled, task: task)
      guard !state.isWatched else { return }
      state.isWatched = true
      Task { await watch() }
    }
  }

  private func end(_ number: Int) {
    state.withLock { _ = $0.calls.removeValue(forKey: number) }
  }

  private func watch() async {
    while true {
      // Nothing cancels this task, so the sleep can't be cut short.
      try? await Task.sleep(for: Self.interval)
      let calls = state.withLock { state in
        state.isWatched = !state.calls.isEmpty
        return Array(state.calls.values)
      }
      if calls.isEmpty { return }
      for call in calls where call.isCancelled() { call.task.cancel() }
    }
  }
}
