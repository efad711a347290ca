internal import CCurl
internal import Synchronization

/// Requests from tasks to the thread that runs the transfers.
final class TransferQueue: Sendable {
  /// A transfer with its waiting task.
  struct Entry {
    let transfer: Transfer
    /// Called once, with the result.
    let finish: @Sendable (Result<TransferResponse, TransferError>) -> Void
  }

  /// The requests since the thread last checked.
  struct Mail {
    var entries: [Entry] = []
    /// True if a transfer has been cancelled, whether it is still here or already running.
    var hasCancellations = false
    /// True if a reader has made room in its pipe.
    var hasRoom = false
    var isClosing = false
    /// The tasks that wait until everything is closed.
    var closing: [CheckedContinuation<Void, Never>] = []

    var isEmpty: Bool { entries.isEmpty && !hasCancellations && !hasRoom && !isClosing && closing.isEmpty }
  }

  private struct State {
    var mail = Mail()
    /// Wakes the thread. `nil` once the thread is about to free it.
    var multi: MultiHandle?
  }

  private let state: Mutex<State>

  init(multi: MultiHandle) {
    state = Mutex(State(multi: multi))
  }

  /// Adds a transfer; rejects it after ``close()``.
  func put(_ entry: Entry) {
    let isTaken = change { mail in mail.entries.append(entry) }
    if !isTaken { entry.finish(.failure(.closed)) }
  }

  /// Notes that a transfer has been marked as cancelled.
  func noteCancellation() {
    _ = change { mail in mail.hasCancellations = true }
  }

  /// Notes that a paused transfer can resume.
  func noteRoom() {
    _ = change { mail in mail.hasRoom = true }
  }

  /// Ends the thread without waiting for it.
  func close() {
    _ = change { mail in mail.isClosing = true }
  }

  /// Ends the thread, and waits until it has closed everything.
  func closeAndWait() async {
    await withCheckedContinuation { continuation in
      let isRunning = change { mail in
        mail.isClosing = true
        mail.closing.append(continuation)
      }
      if !isRunning { continuation.resume() }
    }
  }

  /// Changes the requests, and wakes the thread if there were none before.
  ///
  /// The thread is woken under the lock, so that the handle exists: ``end()`` removes it under the same lock.
  private func change(_ body: (inout Mail) -> Void) -> Bool {
    state.withLock { state in
      guard let multi = state.multi else { return false }
      let isFirst = state.mail.isEmpty
      body(&state.mail)
      if isFirst { curl_multi_wakeup(multi.pointer) }
      return true
    }
  }

  /// For the thread: returns the requests, and removes them.
  func take() -> Mail {
    state.withLock { state in
      let mail = state.mail
      state.mail = Mail()
      return mail
    }
  }

  /// For the thread: rejects all requests from now on, and returns the last ones.
  func end() -> Mail {
    state.withLock { state in
      state.multi = nil
      let mail = state.mail
      state.mail = Mail()
      return mail
    }
  }
}
