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
/// A projection is a value that you create once. It can load any number of aggregates.
public struct Projection<Kind: Aggregate, State: Sendable>: Sendable {
  /// Folds one event into the state, without side effects.
  public typealias Handler<Data: AggregateEvent> =
    @Sendable (_ state: inout State, _ event: EventData<Data>, _ context: ProjectionContext) throws -> Void

  typealias AnyHandler = @Sendable (inout State, Event, ProjectionContext) throws -> Void

  let initial: State
  var handlers = EventHandlers<AnyHandler>()
  var erasedHandler: AnyHandler?
  var related: [ReadAggregator] = []
  /// Other kinds whose aggregates are all read.
  var wholeKinds: Set<Name> = []
  var shared = SharedData()
  var coder: any EventCoder = JSONCoder()
  var checksSafety = false
  var revision = "0"
  var snapshots: SnapshotPolicy<State>?

  /// - Parameter initial: The state before the first event.
  public init(_ kind: Kind.Type = Kind.self, initial: State) {
    self.initial = initial
  }

  /// Handles events of a type: those of the loaded aggregate, and of aggregates added with ``aggregate(_:_:)`` and
  /// ``everyAggregate(_:)``. For an event of another kind, one of these two is required: without it, a load fails with
  /// `invalid_request`.
  ///
  /// An event whose content was erased is passed over, since it can't be decoded: see `onErased`.
  ///
  /// - Precondition: The type is not handled or skipped yet.
  public func on<Data: AggregateEvent>(_ type: Data.Type, _ handler: @escaping Handler<Data>) -> Self {
    with {
      $0.handlers.add(
        type,
        .handle { state, event, context in
          guard !event.isErased else { return }
          try handler(&state, EventData(event, coder: context.coder), context)
        })
    }
  }

  /// ``on(_:_:)`` for a handler that needs no context.
  public func on<Data: AggregateEvent>(
    _ type: Data.Type, _ handler: @escaping @Sendable (_ state: inout State, _ event: EventData<Data>) throws -> Void
  ) -> Self {
    on(type) { state, event, _ in try handler(&state, event) }
  }

  /// Handles the events whose content was erased, of every type that is read and not skipped. The other handlers pass
  /// over them.
  ///
  /// If called more than once, the last handler counts.
  public func onErased(
    _ handler: @escaping @Sendable (_ state: inout State, _ event: Event, _ context: ProjectionContext) throws -> Void
  ) -> Self {
    with { $0.erasedHandler = handler }
  }

  /// `onErased` for a handler that needs no context.
  public func onErased(
    _ handler: @escaping @Sendable (_ state: inout State, _ event: Event) throws -> Void
  ) -> Self {
    onErased { state, event, _ in try handler(&state, event) }
  }

  /// Skips events of a type, which a ``safetyCheck()`` requires for events without a handler.
  ///
  /// - Precondition: The type is not handled or skipped yet.
  public func skip<Data: AggregateEvent>(_ type: Data.Type) -> Self {
    with { $0.handlers.add(type, .skip) }
  }

  /// Also reads the events of another aggregate.
  public func aggregate<Other: Aggregate>(_ kind: Other.Type, _ id: String) -> Self {
    with { $0.related.append(ReadAggregator(Other.aggregatorType, id: id)) }
  }

  /// Also reads the handled events of every aggregate of another kind. A load then takes time in proportion to the
  /// number of these events in the store.
  public func everyAggregate<Other: Aggregate>(_ kind: Other.Type) -> Self {
    with { $0.wholeKinds.insert(Name(checked: Other.aggregatorType)) }
  }

  /// Makes a load fail with `unhandled_event` if an event is neither handled nor skipped. Without it, such events are
  /// ignored.
  public func safetyCheck() -> Self {
    with { $0.checksSafety = true }
  }

  /// Provides the handlers with a value, one of each type.
  public func data(_ value: some Sendable) -> Self {
    with { $0.shared.set(value) }
  }

  /// Sets the coder for payloads and snapshots; the default is ``JSONCoder``.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.coder = coder }
  }

  /// Sets the revision of the state and its handlers, under which snapshots are saved; the default is "0". Snapshots of
  /// other revisions are ignored.
  public func revision(_ revision: String) -> Self {
    with { $0.revision = revision }
  }

  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}
