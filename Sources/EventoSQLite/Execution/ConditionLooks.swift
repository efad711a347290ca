internal import DequeModule
internal import Dispatch
internal import Evento
internal import Synchronization

/// Checks the conditions of waiting writes on readers, in the order in which they arrive.
///
/// One reader takes no part, unless it is the only one, so that other reads do not wait behind a line of expensive checks.
final class ConditionLooks: Sendable {
  typealias Completion = @Sendable (Result<ConditionLook?, EventoError>) -> Void

  private struct State {
    var waiting: Deque<(condition: WriteCondition, completion: Completion)> = []
    /// The number of checks that run or are about to.
    var running = 0
    var isClosed = false
    /// Calls of ``close()`` that wait for the last check.
    var closing: [CheckedContinuation<Void, Never>] = []
  }

  private let readers: Readers
  private let atOnce: Int
  private let waitingLimit: Int
  /// Starts each check. Otherwise a check would start the next one from its own completion, and a long line could overflow
  /// the stack if the readers refuse each at once.
  private let queue = DispatchQueue(label: "evento.sqlite.conditions")
  private let state = Mutex(State())

  /// - Parameters:
  ///   - count: the number of readers.
  ///   - waitingLimit: the maximum number of waiting conditions. One more is refused.
  init(_ readers: Readers, count: Int, waitingLimit: Int) {
    self.readers = readers
    atOnce = max(count - 1, 1)
    self.waitingLimit = waitingLimit
  }

  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Checks a condition.
  ///
  /// - Parameter completion: called on a reader's queue, or at once if the condition is refused.
  func check(_ condition: WriteCondition, completion: @escaping Completion) {
    let (refusal, mustBegin) = state.withLock { state -> (EventoError?, Bool) in
      if state.isClosed { return (.closed(), false) }
      if state.waiting.count >= waitingLimit { return (.tooManyWaiting(waitingLimit), false) }
      state.waiting.append((condition, completion))
      guard state.running < atOnce else { return (nil, false) }
      state.running += 1
      return (nil, true)
    }
    if let refusal { completion(.failure(refusal)) }
    if mustBegin { queue.async { [self] in next() } }
  }

  /// Refuses new conditions and waits until all others are checked.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.isClosed = true
        if state.running > 0 { state.closing.append(continuation) }
        return state.running == 0
      }
      if isIdle { continuation.resume() }
    }
  }

  private func next() {
    let (look, closing) = state.withLock { state in
      let look = state.waiting.popFirst()
      guard look == nil else { return (look, [CheckedContinuation<Void, Never>]()) }
      state.running -= 1
      guard state.running == 0 else { return (nil, []) }
      defer { state.closing = [] }
      return (nil, state.closing)
    }
    for continuation in closing { continuation.resume() }
    guard let look else { return }
    readers.perform(
      completion: { [self] result in
        look.completion(result)
        queue.async { [self] in next() }
      }
    ) { session in try ConditionLook(look.condition, on: session.connection, session.catalog) }
  }
}
