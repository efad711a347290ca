internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A queue of messages from other threads to an event loop.
final class Mailbox: Sendable {
  enum Message: Sendable {
    /// The response of a task.
    case response(Token, Response)
    /// The response of a responder, to be made on the loop.
    case making(Token, @Sendable () -> Response)
    /// A stream has something to send, or has ended.
    case stream(Token)
    /// Stop by the given time, which is the limit for requests in flight.
    case stop(MonotonicTime)
  }

  private struct State {
    var messages: [Message] = []
    /// True if the loop waits, or is about to, and has seen no message.
    var isAsleep = false
  }

  private let state = Mutex(State())
  private let wakeUp: WakeUp

  init() throws(SystemError) {
    wakeUp = try WakeUp()
  }

  var descriptor: Int32 { wakeUp.descriptor }

  /// Sends a message, and wakes the loop only if it sleeps.
  func send(_ message: Message) {
    let mustWake = state.withLock { state in
      state.messages.append(message)
      defer { state.isAsleep = false }
      return state.isAsleep
    }
    if mustWake { wakeUp.signal() }
  }

  /// Prepares the loop to wait: a message from now on ends the wait.
  ///
  /// - Returns: False if there are already messages.
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

/// A pipe through which other threads end an event loop's wait.
struct WakeUp: ~Copyable {
  private let input: Descriptor
  private let output: Descriptor

  init() throws(SystemError) {
    var ends: [Int32] = [-1, -1]
    _ = try systemCall { pipe(&ends) }.orThrow("pipe")
    let input = Descriptor(ends[0])
    let output = Descriptor(ends[1])
    try input.setNonBlocking()
    try output.setNonBlocking()
    self.input = input
    self.output = output
  }

  /// The descriptor that a poller waits for.
  var descriptor: Int32 { input.number }

  func signal() {
    var byte: UInt8 = 1
    // A full pipe will end the wait too.
    _ = systemCall { write(output.number, &byte, 1) }
  }

  func clear() {
    withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
      // The rest, if any, ends the next wait, and is read then.
      _ = systemCall { read(input.number, buffer.baseAddress, buffer.count) }
    }
  }
}
