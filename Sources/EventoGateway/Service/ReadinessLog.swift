internal import Evento
internal import Logging
internal import Synchronization

/// Tells in the log when the store has become unable to take writes, why, and when it is able again; not at each probe.
final class ReadinessLog: Sendable {
  private let log: Logger
  private let isWell = Mutex(true)

  init(_ log: Logger) {
    self.log = log
  }

  /// - Parameter fault: what a probe has found; `nil` where all is well.
  func note(_ fault: EventoError?) {
    isWell.withLock { isWell in
      if let fault, isWell {
        log.error("Not ready: \(fault.detail)", metadata: ["cause": "\(fault.cause ?? "-")"])
      } else if fault == nil, !isWell {
        log.notice("Ready again.")
      }
      isWell = fault == nil
    }
  }
}
