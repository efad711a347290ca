internal import Synchronization

/// Where a response's body goes that is written as it comes.
///
/// What has been written and not been taken by the client yet is bounded (by an eighth of
/// ``ServerConfiguration/bufferedBytes``, and one array more): a client that reads slowly slows its writer, and no
/// other. All of it is here or in the connection's output, once, and counts in ``ServerConfiguration/totalAnswerBytes``.
package final class BodyWriter: Sendable {
  /// Why nothing more can be written.
  package enum Closed: Error, Sendable {
    /// The client is gone, or took nothing for too long.
    case clientGone
    /// The server has stopped.
    case serverStopped
  }

  /// What the connection finds when it comes for more.
  enum Content {
    /// All there is, and whether the body ends with it: that is not announced any more.
    case bytes(OutputQueue, isLast: Bool)
    case nothing
    case finished
    case failed
  }

  private struct State {
    /// What the connection has not taken.
    var queue = OutputQueue()
    /// What it has taken and the client has not.
    var unsent = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    var closed: Closed?
    /// Set once the writer's closure has ended.
    var outcome: Content?
    /// Whether the connection has been told that there is something, and has not looked yet.
    var isAnnounced = false

    var held: Int { queue.count + unsent }
  }

  private let state = Mutex(State())
  private let limit: Int
  private let announce: @Sendable () -> Void

  /// - Parameter announce: called, at most once until the connection looks, when there is something for it.
  init(limit: Int, announce: @escaping @Sendable () -> Void) {
    self.limit = max(limit, 1)
    self.announce = announce
  }

  /// Takes bytes to be sent, in order, and returns when there is room for more: while the client has left too much of
  /// what was written, these bytes among it, it waits.
  ///
  /// A large array is not copied. Give it away (`consume`), so that it is freed once it has been sent.
  ///
  /// - Throws: ``Closed`` when the client is gone or the server has stopped; `CancellationError` where it would wait in a
  ///   cancelled task.
  package func write(_ bytes: consuming [UInt8]) async throws {
    guard try put(consume bytes) else { return }
    while try !hasRoom() {
      try Task.checkCancellation()
      await room()
    }
  }

  /// - Returns: whether there was anything to put.
  private func put(_ bytes: consuming [UInt8]) throws -> Bool {
    let isEmpty = bytes.isEmpty
    let isNews = try state.withLock { state in
      // Of nothing too: a writer that has nothing to say just now ends all the same.
      if let closed = state.closed { throw closed }
      guard !isEmpty else { return false }
      state.queue.append(bytes)
      defer { state.isAnnounced = true }
      return !state.isAnnounced
    }
    if isNews { announce() }
    return !isEmpty
  }

  private func hasRoom() throws -> Bool {
    try state.withLock { state in
      if let closed = state.closed { throw closed }
      return state.held < limit
    }
  }

  /// Waits until there is room, the writer is closed, or the task is cancelled.
  private func room() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let isReady = state.withLock { state in
          let isReady = state.closed != nil || state.held < limit || Task.isCancelled
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
  var waitingBytes: Int { state.withLock { $0.queue.count } }

  /// Has what is written from now on announced again.
  func clearAnnouncement() {
    state.withLock { $0.isAnnounced = false }
  }

  /// What there is to send. It makes room for more once it has been sent: see ``noteUnsent(_:)``.
  func take() -> Content {
    state.withLock { state in
      state.isAnnounced = false
      if !state.queue.isEmpty {
        defer { state.queue = OutputQueue() }
        state.unsent += state.queue.count
        return .bytes(state.queue, isLast: state.outcome != nil)
      }
      return state.outcome ?? .nothing
    }
  }

  /// Notes how many bytes of what was taken the client has not taken yet: if they are few enough, writing goes on.
  func noteUnsent(_ count: Int) {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.unsent = count
      guard state.held < limit else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
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
      state.queue = OutputQueue()
    }
  }
}
