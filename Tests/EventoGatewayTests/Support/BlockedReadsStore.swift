import Dispatch
import Evento
import EventoSQLite
import Synchronization

/// A store whose reads of pages begin only while its door is open, and are counted when they do.
final class BlockedReadsStore: CallbackWrapper {
  let store: SQLiteExecutor
  private let begun = Atomic(0)
  private let door = DispatchSemaphore(value: 0)

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  var readsBegun: Int { begun.load(ordering: .sequentiallyConsistent) }

  /// Lets all go on, those that come later too.
  func open() { door.signal() }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    store.viewPage(
      aggregators, routingKey: routingKey, args: args, unless: isCancelled,
      into: { [self] in
        begun.add(1, ordering: .sequentiallyConsistent)
        // On the thread of the store that reads.
        door.wait()
        door.signal()
        return builder()
      }, completion: completion)
  }
}
