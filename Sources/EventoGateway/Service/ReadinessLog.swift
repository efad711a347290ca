internal import Evento
internal import Logging
internal import Synchronization

/// Logs when the store becomes unable to accept writes, with the reason, and when it recovers; not at each probe.
final class ReadinessLog: Sendable {
  private let log: Logger
  private let isReady = Mutex(true)

  init(_ log: Logger) {
    self.log = log
  }

  /// - Parameter error: The error of a readiness check; `nil` if it succeeded.
  func note(_ error: EventoError?) {
    isReady.withLock { isReady in
      if let error, isReady {
        log.error("Not ready: \(error.detail)", metadata: ["cause": "\(error.cause ?? "-")"])
      } else if error == nil, !isReady {
        log.notice("Ready again.")
      }
      isReady = error == nil
    }
  }
}
