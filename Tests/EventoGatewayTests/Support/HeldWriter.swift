import Evento
import EventoSQLite
import Synchronization

/// A store whose writes wait, each until the test says what becomes of it.
final class HeldWriter: CallbackWrapper {
  typealias Completion = @Sendable (Result<WriteResult, EventoError>) -> Void

  let store: SQLiteExecutor
  let gate = Gate()
  private let held = Mutex<[(events: [NewEvent], completion: Completion)]>([])

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping Completion
  ) {
    held.withLock { $0.append((events, completion)) }
    Task { await gate.pass() }
  }

  /// Does one of the writes.
  func finishOne() {
    guard let write = held.withLock({ $0.popLast() }) else { return }
    store.write(write.events, condition: nil, unless: { false }, completion: write.completion)
  }

  /// Forgets one of the writes.
  func dropOne() {
    _ = held.withLock { $0.popLast() }
  }
}
