internal import Dispatch
internal import Evento
internal import Synchronization

/// The values of `/metrics` that must be read from the store. They are read at most once a second, and less often if that
/// takes more than a twentieth of the time: a store can have any number of subscribers.
final class StoreReadings: Sendable {
  struct Values: Sendable {
    /// `nil` if the store has none, or can't be read.
    var figures: StoreFigures?
    /// False if the store can't accept writes, or does not respond.
    var isReady = false
  }

  typealias Completion = @Sendable (Values) -> Void

  private struct State {
    var latest: (values: Values, validUntil: ContinuousClock.Instant)?
    var isReading = false
    /// The completions of the callers that wait, by number. The code that removes one calls it.
    var waiting: [Int: Completion] = [:]
    var lastNumber = 0
  }

  private let store: any CallbackExecutor
  private let slowest: Int
  private let state = Mutex(State())

  private static let leastInterval: Duration = .seconds(1)
  private static let intervalPerReadingTime = 20
  /// The maximum time to wait for the store: the other metrics are needed most when it does not respond.
  private static let waitLimit: DispatchTimeInterval = .seconds(1)

  /// - Parameter slowest: The maximum number of subscribers in the figures.
  init(_ store: any CallbackExecutor, slowest: Int) {
    self.store = store
    self.slowest = slowest
  }

  /// Calls `completion` with current values, or with none after a second without a response. It is called on any thread,
  /// and must not block.
  func read(completion: @escaping Completion) {
    let (known, number, mustBegin) = state.withLock { state -> (Values?, Int, Bool) in
      if let latest = state.latest, .now < latest.validUntil { return (latest.values, 0, false) }
      state.lastNumber += 1
      state.waiting[state.lastNumber] = completion
      defer { state.isReading = true }
      return (nil, state.lastNumber, !state.isReading)
    }
    if let known { return completion(known) }
    DispatchQueue.global().asyncAfter(deadline: .now() + Self.waitLimit) { [weak self] in self?.giveUp(number) }
    if mustBegin { begin() }
  }

  private func giveUp(_ number: Int) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?(Values())
  }

  private func begin() {
    let start = ContinuousClock.now
    store.checkReadinessWithoutWriting { [self] error in
      store.readFigures(slowest: slowest) { [self] result in
        end(Values(figures: try? result.get(), isReady: error == nil), started: start)
      }
    }
  }

  private func end(_ values: Values, started start: ContinuousClock.Instant) {
    let now = ContinuousClock.now
    let interval = max(Self.leastInterval, (now - start) * Self.intervalPerReadingTime)
    let waiting = state.withLock { state in
      state.latest = (values, now + interval)
      state.isReading = false
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for completion in waiting { completion(values) }
  }
}
