internal import CCurl
internal import Synchronization

/// What tasks hand to the thread that runs the transfers.
final class Inbox: Sendable {
  /// A transfer that somebody waits for.
  struct Entry {
    let transfer: Transfer
    /// Is called once, with what came of it.
    let finish: @Sendable (Result<TransferAnswer, TransferFault>) -> Void
  }

  /// What has come in since the thread looked last.
  struct Mail {
    var entries: [Entry] = []
    /// Whether a transfer has been cancelled, be it here or with the thread already.
    var hasCancellations = false
    /// Whether a reader has made room for what comes of a transfer.
    var hasRoom = false
    var isClosing = false
    /// Those who want to know when all is closed.
    var closing: [CheckedContinuation<Void, Never>] = []

    var isEmpty: Bool { entries.isEmpty && !hasCancellations && !hasRoom && !isClosing && closing.isEmpty }
  }

  private struct State {
    var mail = Mail()
    /// To wake the thread with. `nil` from the moment on at which the thread is about to free it.
    var multi: MultiHandle?
  }

  private let state: Mutex<State>

  init(multi: MultiHandle) {
    state = Mutex(State(multi: multi))
  }

  /// Hands over a transfer; after ``close()``, refuses it.
  func put(_ entry: Entry) {
    let isTaken = change { mail in mail.entries.append(entry) }
    if !isTaken { entry.finish(.failure(.closed)) }
  }

  /// Tells that a transfer has been marked as cancelled.
  func noteCancellation() {
    _ = change { mail in mail.hasCancellations = true }
  }

  /// Tells that a transfer which was paused may go on.
  func noteRoom() {
    _ = change { mail in mail.hasRoom = true }
  }

  /// Asks the thread to end, and does not wait for it.
  func close() {
    _ = change { mail in mail.isClosing = true }
  }

  /// Asks the thread to end, and waits until it has closed everything.
  func closeAndWait() async {
    await withCheckedContinuation { continuation in
      let isRunning = change { mail in
        mail.isClosing = true
        mail.closing.append(continuation)
      }
      if !isRunning { continuation.resume() }
    }
  }

  /// Changes the mail and wakes the thread where it has none to come back for yet.
  ///
  /// The thread is woken under the lock, so that the handle is there: ``end()`` takes it away under the same lock.
  private func change(_ body: (inout Mail) -> Void) -> Bool {
    state.withLock { state in
      guard let multi = state.multi else { return false }
      let isFirst = state.mail.isEmpty
      body(&state.mail)
      if isFirst { curl_multi_wakeup(multi.pointer) }
      return true
    }
  }

  /// For the thread: takes what has come in.
  func take() -> Mail {
    state.withLock { state in
      let mail = state.mail
      state.mail = Mail()
      return mail
    }
  }

  /// For the thread: refuses everything from now on, and takes what has come in last.
  func end() -> Mail {
    state.withLock { state in
      state.multi = nil
      let mail = state.mail
      state.mail = Mail()
      return mail
    }
  }
}
