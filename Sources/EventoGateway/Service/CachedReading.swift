internal import Dispatch
internal import Evento
internal import Synchronization

/// A value of `/metrics` that must be read from the store. It is kept for a second, and longer if reading it takes more than
/// a twentieth of the time.
final class CachedReading<Value: Sendable>: Sendable {
  typealias Completion = @Sendable (Value?) -> Void

  private struct State {
    var latest: (value: Value?, validUntil: ContinuousClock.Instant)?
    var isReading = false
    /// The completions of the callers that wait, by number. The code that removes one calls it.
    var waiting: [Int: Completion] = [:]
    var lastNumber = 0
  }

  private let read: @Sendable (@escaping Completion) -> Void
  private let maximumInterval: Duration
  private let state = Mutex(State())

  private static var minimumInterval: Duration { .seconds(1) }
  private static var intervalPerReadingTime: Int { 20 }
  /// The maximum time to wait for the store: the other metrics are needed most when it does not respond.
  private static var waitLimit: DispatchTimeInterval { .seconds(1) }

  /// - Parameters:
  ///   - maximumInterval: The maximum time for which a value is kept.
  ///   - read: Reads a value, and calls its argument with it, or with `nil` if that has failed.
  init(keptFor maximumInterval: Duration, _ read: @escaping @Sendable (@escaping Completion) -> Void) {
    self.maximumInterval = maximumInterval
    self.read = read
  }

  /// Calls `completion` with a current value, or with `nil` if it could not be read, or after a second without one. It is
  /// called on any thread, and must not block.
  func value(completion: @escaping Completion) {
    let (known, number, mustBegin) = state.withLock { state -> (Value??, Int, Bool) in
      if let latest = state.latest, .now < latest.validUntil { return (.some(latest.value), 0, false) }
      state.lastNumber += 1
      state.waiting[state.lastNumber] = completion
      defer { state.isReading = true }
      return (nil, state.lastNumber, !state.isReading)
    }
    if let known { return completion(known) }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.waitLimit) { [weak self] in self?.giveUp(number) }
    guard mustBegin else { return }
    let start = ContinuousClock.now
    read { [self] value in end(value, started: start) }
  }

  private func giveUp(_ number: Int) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?(nil)
  }

  private func end(_ value: Value?, started start: ContinuousClock.Instant) {
    let now = ContinuousClock.now
    // A store that fails may work again at any time, whatever the failure took.
    let interval =
      value == nil
      ? Self.minimumInterval
      : min(max(Self.minimumInterval, (now - start) * Self.intervalPerReadingTime), maximumInterval)
    let waiting = state.withLock { state in
      state.latest = (value, now + interval)
      state.isReading = false
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for completion in waiting { completion(value) }
  }
}
