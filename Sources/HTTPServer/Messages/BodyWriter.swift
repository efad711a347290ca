internal import Synchronization

/// Takes the body of a response that is written in pieces.
///
/// The bytes that have been written and not been taken by the client are bounded (by an eighth of
/// ``ServerConfiguration/bufferedBytes``, or all of it if ``write(_:unreadBytes:)`` allows, and one array more): a client
/// that reads slowly slows only its own writer.
/// All of them are here or in the connection's output, once, and count in ``ServerConfiguration/totalResponseBytes``.
package final class BodyWriter: Sendable {
  /// The reason why nothing more can be written.
  package enum Closed: Error, Sendable {
    /// The client is gone, or read nothing for too long.
    case clientGone
    /// The server has stopped.
    case serverStopped
  }

  /// The content for the connection to take.
  enum Content {
    /// All output, and true if the body ends with it: the end is not announced again.
    case bytes(OutputQueue, isLast: Bool)
    case nothing
    case finished
    case failed
  }

  private struct State {
    /// Output that the connection has not taken.
    var queue = OutputQueue()
    /// Output that the connection has taken and the client has not.
    var unsent = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    /// The number of unread bytes at which the writer waits.
    var limit: Int
    var closed: Closed?
    /// Set once the writer's closure has ended.
    var outcome: Content?
    /// True if the connection has been notified of output, and has not taken it yet.
    var isAnnounced = false

    var hasRoom: Bool { queue.count + unsent < limit }
  }

  private let state: Mutex<State>
  private let limits: ClosedRange<Int>
  private let announce: @Sendable () -> Void

  /// - Parameters:
  ///   - bufferedBytes: See ``ServerConfiguration/bufferedBytes``.
  ///   - announce: Called when there is output, at most once until the connection takes it.
  init(bufferedBytes: Int, announce: @escaping @Sendable () -> Void) {
    let least = max(bufferedBytes / 8, 1)
    limits = least...max(bufferedBytes, least)
    state = Mutex(State(limit: least))
    self.announce = announce
  }

  /// Writes bytes to the client, in order. It waits until there is capacity for more: until the client has taken enough
  /// of the output, including these bytes.
  ///
  /// A large array is not copied. Pass it with `consume`, so that it is freed once it has been sent.
  ///
  /// - Parameter unreadBytes: It waits until the client has to read fewer bytes than this, within the limits of the
  ///   connection. With as many as a piece has, the next piece can be made while this one is sent.
  /// - Throws: ``Closed`` when the client is gone or the server has stopped; `CancellationError` if it would wait in a
  ///   cancelled task.
  package func write(_ bytes: consuming [UInt8], unreadBytes: Int = 0) async throws {
    guard try put(consume bytes, limit: min(max(unreadBytes, limits.lowerBound), limits.upperBound)) else { return }
    while try !hasRoom() {
      try Task.checkCancellation()
      await room()
    }
  }

  /// - Returns: True if there was anything to add.
  private func put(_ bytes: consuming [UInt8], limit: Int) throws -> Bool {
    let isEmpty = bytes.isEmpty
    let mustAnnounce = try state.withLock { state in
      // Also for no bytes: a writer that currently has nothing to send ends too.
      if let closed = state.closed { throw closed }
      guard !isEmpty else { return false }
      state.queue.append(bytes)
      state.limit = limit
      defer { state.isAnnounced = true }
      return !state.isAnnounced
    }
    if mustAnnounce { announce() }
    return !isEmpty
  }

  private func hasRoom() throws -> Bool {
    try state.withLock { state in
      if let closed = state.closed { throw closed }
      return state.hasRoom
    }
  }

  /// Waits until there is capacity, the writer is closed, or the task is cancelled.
  private func room() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let isReady = state.withLock { state in
          let isReady = state.closed != nil || state.hasRoom || Task.isCancelled
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

  /// Makes the next output be announced again.
  func clearAnnouncement() {
    state.withLock { $0.isAnnounced = false }
  }

  /// Returns the output to send. More can be written once it has been sent: see ``noteUnsent(_:)``.
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

  /// Records the number of taken bytes that the client has not read yet: if they are few enough, writing continues.
  func noteUnsent(_ count: Int) {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.unsent = count
      guard state.hasRoom else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Ends the body: the closure has returned, or thrown an error.
  func finish(completely isComplete: Bool) {
    let mustAnnounce = state.withLock { state in
      state.outcome = isComplete ? .finished : .failed
      defer { state.isAnnounced = true }
      return !state.isAnnounced
    }
    if mustAnnounce { announce() }
  }

  /// Makes every write throw from now on.
  func close(_ reason: Closed) {
    resumeAll { state in
      state.closed = state.closed ?? reason
      state.queue = OutputQueue()
    }
  }
}
