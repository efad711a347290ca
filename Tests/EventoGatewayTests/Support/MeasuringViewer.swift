import Evento
import EventoSQLite
import Synchronization

/// A store that counts the bytes of the payloads that its reads of pages have taken.
final class MeasuringViewer: CallbackWrapper {
  let store: SQLiteExecutor
  private let taken = Counter()

  private final class Counter: Sendable {
    let value = Atomic(0)
  }

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  var commits: CommitSignal? { store.commits }
  var bytes: Int { taken.value.load(ordering: .sequentiallyConsistent) }

  private struct MeasuredBuilder<Base: PageBuilder>: PageBuilder {
    var base: Base
    let taken: Counter

    var byteLimit: Int { base.byteLimit }

    func hasRoom(payloadBytes: Int, isJSON: Bool) -> Bool {
      base.hasRoom(payloadBytes: payloadBytes, isJSON: isJSON)
    }

    mutating func add(_ event: borrowing EventView) -> Bool {
      guard base.add(event) else { return false }
      taken.value.add(event.data.count, ordering: .sequentiallyConsistent)
      return true
    }

    mutating func finish(_ info: PageInfo) -> Base.Value { base.finish(info) }
  }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    store.viewPage(
      aggregators, routingKey: routingKey, args: args, unless: isCancelled,
      into: { [taken] in MeasuredBuilder(base: builder(), taken: taken) }, completion: completion)
  }
}
