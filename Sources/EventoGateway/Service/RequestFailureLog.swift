internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Logging
internal import Synchronization

/// Logs errors of the store and refusals. A kind that repeats has two lines per interval: the first error, and the
/// number of further ones.
final class RequestFailureLog: Sendable {
  private struct Kind: Hashable {
    let code: EventoError.Code
    let detail: String
  }

  private struct Repeats {
    let start = ContinuousClock.now
    /// The number of errors after the first.
    var count = 0
  }

  private let log: Logger
  private let interval: Duration
  /// The kinds whose interval has not ended.
  private let repeats = Mutex<[Kind: Repeats]>([:])

  /// A text can contain input of a client: above this number of kinds, each error has its own line.
  private static let kindLimit = 64

  init(_ log: Logger, interval: Duration) {
    self.log = log
    self.interval = interval
  }

  func add(_ error: EventoError, _ exchange: Exchange) {
    guard error.code != .internal else {
      // Each request id that a client receives must be in the log.
      return write(error, exchange)
    }
    let kind = Kind(code: error.code, detail: error.detail)
    let (isFirst, isCounted) = repeats.withLock { repeats in
      if repeats[kind] != nil {
        repeats[kind]?.count += 1
        return (false, true)
      }
      guard repeats.count < Self.kindLimit else { return (true, false) }
      repeats[kind] = Repeats()
      return (true, true)
    }
    guard isFirst else { return }
    write(error, exchange)
    guard isCounted else { return }
    Task {
      try? await Task.sleep(for: interval)
      if let repeats = repeats.withLock({ $0.removeValue(forKey: kind) }) { write(kind, repeats) }
    }
  }

  /// Writes the counts that are not written yet.
  func flush() {
    let open = repeats.withLock { repeats in
      defer { repeats = [:] }
      return repeats
    }
    for (kind, repeats) in open { write(kind, repeats) }
  }

  private func write(_ kind: Kind, _ repeats: Repeats) {
    guard repeats.count > 0 else { return }
    let times = repeats.count == 1 ? "1 more time" : "\(repeats.count) more times"
    // Shorter than the interval if the gateway stops.
    let tenths = ((ContinuousClock.now - repeats.start) / .milliseconds(100)).rounded()
    log.error(
      "Failed \(times) in \(tenths / 10) seconds: \(kind.detail)", metadata: ["code": "\(kind.code.rawValue)"])
  }

  private func write(_ error: EventoError, _ exchange: Exchange) {
    var metadata: Logger.Metadata = [
      "request_id": "\(exchange.requestID)", "code": "\(error.code.rawValue)", "cause": "\(error.cause ?? "-")",
    ]
    if let trace = exchange.head?.headers.traceParent { metadata["trace_id"] = "\(trace.traceID)" }
    log.error(
      "\(exchange.head?.method ?? "-") \(exchange.head?.path ?? "-") failed: \(error.detail)", metadata: metadata)
  }
}
