internal import Synchronization

/// How other threads reach an event loop.
final class Mailbox: Sendable {
  enum Message: Sendable {
    /// The answer of a task.
    case answer(Token, Response)
    /// The answer of a responder, to be made on the loop.
    case making(Token, @Sendable () -> Response)
    /// A stream has something to send, or has ended.
    case stream(Token)
    /// Stop; what is in flight has until then.
    case stop(MonotonicTime)
  }

  private struct State {
    var messages: [Message] = []
    /// Whether the loop waits, or is about to, without knowing of any message.
    var isAsleep = false
  }

  private let state = Mutex(State())
  private let wakeUp: WakeUp

  init() throws(SystemError) {
    wakeUp = try WakeUp()
  }

  var descriptor: Int32 { wakeUp.descriptor }

  /// Wakes the loop only where it sleeps.
  func send(_ message: Message) {
    let mustWake = state.withLock { state in
      state.messages.append(message)
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if mustWake { wakeUp.signal() }
  }

  /// Says that the loop is about to wait: a message from now on ends the wait.
  /// - Returns: false where there are messages already.
  func prepareToSleep() -> Bool {
    state.withLock { state in
      state.isAsleep = state.messages.isEmpty
      return state.isAsleep
    }
  }

  func take() -> [Message] {
    state.withLock { state in
      state.isAsleep = false
      guard !state.messages.isEmpty else { return [] }
      defer { state.messages = [] }
      return state.messages
    }
  }

  func clearWakeUp() {
    wakeUp.clear()
  }
}
