internal import Synchronization

/// Where a response's body goes that is written as it comes.
///
/// What has been written and not been taken by the client yet is bounded (by half of
/// ``ServerConfiguration/bufferedBytes``): a client that reads slowly slows its writer, and nobody else.
public final class BodyWriter: Sendable {
  /// Why nothing more can be written.
  public enum Closed: Error, Sendable {
    /// The client is gone, or took nothing for too long.
    case clientGone
    /// The server has stopped.
    case serverStopped
  }

  /// What the connection finds when it comes for more.
  enum Content {
    /// All there is, and whether the body ends with it: that is not announced any more.
    case bytes([UInt8], isLast: Bool)
    case nothing
    case finished
    case failed
  }

  private struct State {
    var bytes: [UInt8] = []
    var waiting: [CheckedContinuation<Void, Never>] = []
    var closed: Closed?
    /// Set once the writer's closure has ended.
    var outcome: Content?
    /// Whether the connection has been told that there is something, and has not come yet.
    var isAnnounced = false
    var isShuttingDown = false
    var shutdownActions: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let limit: Int
  private let announce: @Sendable () -> Void

  /// - Parameter announce: called, at most once until the connection comes, when there is something for it.
  init(limit: Int, announce: @escaping @Sendable () -> Void) {
    self.limit = max(limit, 1)
    self.announce = announce
  }

  /// Sends bytes, in order, and returns when they are in the connection's buffer: while that is full, it waits.
  ///
  /// - Throws: ``Closed`` when the client is gone or the server has stopped; `CancellationError` where it would wait in a
  ///   cancelled task.
  public func write(_ bytes: [UInt8]) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let taken = try put(rest)
      rest = rest.dropFirst(taken)
      if taken == 0 {
        try Task.checkCancellation()
        await room()
      }
    }
  }

  /// Whether the server is shutting down: time to write what is at hand and return, so that the body ends properly.
  /// Writing goes on working until the server's grace is over.
  public var isShuttingDown: Bool {
    state.withLock { $0.isShuttingDown }
  }

  /// Calls `action` when the server begins to shut down; at once where it already has.
  ///
  /// It is called on an event loop's thread, or the caller's: it must not block.
  public func onShutdown(_ action: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      if !state.isShuttingDown { state.shutdownActions.append(action) }
      return state.isShuttingDown
    }
    if isNow { action() }
  }

  private func put(_ bytes: ArraySlice<UInt8>) throws -> Int {
    let (taken, isNews) = try state.withLock { state in
      if let closed = state.closed { throw closed }
      let taken = min(bytes.count, limit - state.bytes.count)
      guard taken > 0 else { return (0, false) }
      state.bytes.append(contentsOf: bytes.prefix(taken))
      defer { state.isAnnounced = true }
      return (taken, !state.isAnnounced)
    }
    if isNews { announce() }
    return taken
  }

  /// Waits until the buffer has room, the writer is closed, or the task is cancelled.
  private func room() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let isReady = state.withLock { state in
          let isReady = state.closed != nil || state.bytes.count < limit || Task.isCancelled
          if !isReady { state.waiting.append(continuation) }
          return isReady
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      resumeAll { _ in }
    }
  }

  private func resumeAll(_ change: (inout sending State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  // MARK: The connection's side

  /// The bytes that wait to be taken.
  var waitingBytes: Int { state.withLock { $0.bytes.count } }

  /// What there is to send, which makes room for more.
  func take() -> Content {
    var content = Content.nothing
    resumeAll { state in
      state.isAnnounced = false
      if !state.bytes.isEmpty {
        content = .bytes(state.bytes, isLast: state.outcome != nil)
        state.bytes = []
      } else if let outcome = state.outcome {
        content = outcome
      }
    }
    return content
  }

  /// The closure has ended: with all that it wanted to write, or with an error.
  func finish(completely isComplete: Bool) {
    let isNews = state.withLock { state in
      state.outcome = isComplete ? .finished : .failed
      defer { state.isAnnounced = true }
      return !state.isAnnounced
    }
    if isNews { announce() }
  }

  /// Makes every write throw from now on.
  func close(_ reason: Closed) {
    resumeAll { state in
      state.closed = state.closed ?? reason
      state.bytes = []
    }
  }

  func tellShutdown() {
    let actions = state.withLock { state in
      state.isShuttingDown = true
      defer { state.shutdownActions = [] }
      return state.shutdownActions
    }
    for action in actions { action() }
  }
}
