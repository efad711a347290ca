/// Folds the events of an aggregate into a state.
///
/// ```swift
/// let balances = Projection<Account, Balance>(initial: Balance())
///   .on(MoneyDeposited.self) { balance, event in balance.amount += event.data.amount }
///   .on(MoneyWithdrawn.self) { balance, event in balance.amount -= event.data.amount }
///
/// if let account = try await balances.load(id, from: store) {
///   print(account.amount, "at version", account.version)
/// }
/// ```
///
/// A projection is a value that is made once and loads any number of aggregates.
public struct Projection<Kind: Aggregate, State: Sendable>: Sendable {
  /// Folds one event into the state, and does nothing else.
  public typealias Handler<Data: AggregateEvent> =
    @Sendable (_ state: inout State, _ event: EventData<Data>, _ context: ProjectionContext) throws -> Void

  typealias AnyHandler = @Sendable (inout State, Event, ProjectionContext) throws -> Void

  let initial: State
  var handlers = EventHandlers<AnyHandler>()
  var related: [ReadAggregator] = []
  /// Other kinds of which every aggregate is read.
  var wholeKinds: Set<Name> = []
  var shared = SharedData()
  var coder: any EventCoder = JSONCoder()
  var checksSafety = false
  var revision = "0"
  var snapshots: SnapshotPolicy<State>?

  /// - Parameter initial: the state before the first event.
  public init(_ kind: Kind.Type = Kind.self, initial: State) {
    self.initial = initial
  }

  /// Handles events of a type: of the aggregate that is loaded, and of those that ``aggregate(_:_:)`` and
  /// ``everyAggregate(_:)`` add. A type of another kind needs one of these two: without it, a load is an
  /// `invalid_request`.
  ///
  /// - Precondition: the type is not handled or skipped already.
  public func on<Data: AggregateEvent>(_ type: Data.Type, _ handler: @escaping Handler<Data>) -> Self {
    with {
      $0.handlers.add(
        type, .handle { state, event, context in try handler(&state, EventData(event, coder: context.coder), context) })
    }
  }

  /// ``on(_:_:)`` for a handler that needs no context.
  public func on<Data: AggregateEvent>(
    _ type: Data.Type, _ handler: @escaping @Sendable (_ state: inout State, _ event: EventData<Data>) throws -> Void
  ) -> Self {
    on(type) { state, event, _ in try handler(&state, event) }
  }

  /// Passes over events of a type, as a ``safetyCheck()`` wants to hear.
  ///
  /// - Precondition: the type is not handled or skipped already.
  public func skip<Data: AggregateEvent>(_ type: Data.Type) -> Self {
    with { $0.handlers.add(type, .skip) }
  }

  /// Reads the events of another aggregate too.
  public func aggregate<Other: Aggregate>(_ kind: Other.Type, _ id: String) -> Self {
    with { $0.related.append(ReadAggregator(Other.aggregatorType, id: id)) }
  }

  /// Reads the events of every aggregate of another kind, as far as they are handled: a load takes as long as there are
  /// such events in the store.
  public func everyAggregate<Other: Aggregate>(_ kind: Other.Type) -> Self {
    with { $0.wholeKinds.insert(Name(checked: Other.aggregatorType)) }
  }

  /// Makes loading fail with `unhandled_event` where an event is neither handled nor skipped. Without it, such events
  /// are passed over.
  public func safetyCheck() -> Self {
    with { $0.checksSafety = true }
  }

  /// Gives the handlers a value to look up; one of each type.
  public func data(_ value: some Sendable) -> Self {
    with { $0.shared.set(value) }
  }

  /// What decodes payloads, and codes snapshots; ``JSONCoder`` where nothing is said.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.coder = coder }
  }

  /// Which revision of the state, and of what the handlers make of it, snapshots are of; "0" where nothing is said.
  /// Snapshots of another revision are left alone.
  public func revision(_ revision: String) -> Self {
    with { $0.revision = revision }
  }

  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}
