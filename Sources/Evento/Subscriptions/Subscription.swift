/// Handles events as they commit, one after the other, and remembers in the store how far it got.
///
/// ```swift
/// let mailer = Subscription("mailer")
///   .onFailure { failure in alarm.raise("\(failure)") }
///   .on(AccountOpened.self) { event, context in
///     try await context.data(Mail.self).welcome(event.data.owner)
///   }
///   .data(mail)
///
/// let running = try await mailer.start(on: store)
/// …
/// try await running.shutdown()
/// ```
///
/// A handler that throws gets the event again, 30 times with pauses of up to a minute unless ``retry(_:backoff:)`` says
/// otherwise. ``onFailure(_:)`` is called for each failure; the first is logged, then one a minute.
///
/// Every event is handled at least once: one whose handling was not acknowledged any more, because the process ended
/// or another worker took over, is handled again. That may be a chunk, or what took 100 ms, unless
/// ``acknowledge(every:)`` says otherwise. What is kept in memory alone needs ``replay()``. It is a value; nothing happens
/// before it is started.
public struct Subscription: Sendable {
  /// Deals with one event. What it throws is a failure: the event is handled again later.
  public typealias Handler<Data: AggregateEvent> =
    @Sendable (_ event: EventData<Data>, _ context: SubscriptionContext) async throws -> Void

  /// Deals with one event of whatever type.
  public typealias CatchAllHandler = @Sendable (_ event: Event, _ context: SubscriptionContext) async throws -> Void

  let name: String
  var handlers = EventHandlers<CatchAllHandler>()
  var aggregates: [ReadAggregator] = []
  var routing = RoutingKey.value(nil)
  var shared = SharedData()
  var coder: any EventCoder = JSONCoder()
  var checksSafety = false
  var options = SubscriptionOptions()

  /// - Parameter key: what the store calls the subscriber; a routing key is put before it, see ``key``. Two
  ///   subscriptions of one key are workers of the same one: the later takes over.
  public init(_ key: String) {
    name = key
  }

  /// The key under which the store knows it: a routing key stands before it, with a dot, as `evento` in Rust has it.
  ///
  /// Beware of keys with dots of their own: `Subscription("mailer").routingKey("eu")` and `Subscription("eu.mailer")` are
  /// one subscriber. The later takes over, and goes on from the other's cursor in another partition of the log: what lies
  /// before that place is never handled.
  public var key: String {
    if case .value(let routingKey?) = routing { "\(routingKey).\(name)" } else { name }
  }

  // MARK: What is handled

  /// Handles events of a type.
  ///
  /// - Precondition: the type is not handled or skipped already.
  public func on<Data: AggregateEvent>(_ type: Data.Type, _ handler: @escaping Handler<Data>) -> Self {
    with {
      $0.handlers.add(
        type, .handle { event, context in try await handler(EventData(event, coder: context.coder), context) })
    }
  }

  /// ``on(_:_:)`` for a handler that needs no context.
  public func on<Data: AggregateEvent>(
    _ type: Data.Type, _ handler: @escaping @Sendable (_ event: EventData<Data>) async throws -> Void
  ) -> Self {
    on(type) { event, _ in try await handler(event) }
  }

  /// Handles every event of a kind of aggregate, those aside that have a handler of their own or are skipped.
  ///
  /// - Precondition: all events of this kind are not handled already.
  public func onAll<Kind: Aggregate>(_ kind: Kind.Type, _ handler: @escaping CatchAllHandler) -> Self {
    with { $0.handlers.addAll(kind, handler) }
  }

  /// Acknowledges events of a type without handling them.
  ///
  /// - Precondition: the type is not handled or skipped already.
  public func skip<Data: AggregateEvent>(_ type: Data.Type) -> Self {
    with { $0.handlers.add(type, .skip) }
  }

  /// Of this kind of aggregate, takes the events of one aggregate alone; said again, of several.
  public func aggregate<Kind: Aggregate>(_ kind: Kind.Type, _ id: String) -> Self {
    with { $0.aggregates.append(ReadAggregator(Kind.aggregatorType, id: id)) }
  }

  /// Takes the events under one routing key, which becomes part of the subscriber's ``key``. Where nothing is said, it
  /// takes those that have none.
  public func routingKey(_ key: String) -> Self {
    with { $0.routing = .value(key) }
  }

  /// Takes events whatever their routing key.
  public func allRoutingKeys() -> Self {
    with { $0.routing = .all }
  }

  /// Reads every event of the kinds of aggregate that it handles anything of, and fails with `unhandled_event` at one
  /// that is neither handled nor skipped. Without it, such events are not even read.
  public func safetyCheck() -> Self {
    with { $0.checksSafety = true }
  }

  /// Gives the handlers a value to look up; one of each type.
  public func data(_ value: some Sendable) -> Self {
    with { $0.shared.set(value) }
  }

  /// What decodes payloads; ``JSONCoder`` where nothing is said.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.coder = coder }
  }

  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  /// What it reads: by name, unless it must see everything, or there are more names than one read takes.
  var filters: [ReadAggregator] {
    let exact = filters(byName: !checksSafety)
    return exact.count <= ReadAggregator.maximumCount ? exact : filters(byName: false)
  }

  private func filters(byName: Bool) -> [ReadAggregator] {
    handlers.aggregatorTypes.flatMap { type in
      let chosen = aggregates.filter { $0.aggregatorType.isExactly(type) }
      let whole = chosen.isEmpty ? [ReadAggregator(type)] : chosen
      guard byName, let names = handlers.names(of: type) else { return whole }
      return whole.flatMap { filter in names.map { ReadAggregator(type, id: filter.aggregatorID, name: $0) } }
    }
  }
}

extension Subscription {
  /// Takes the subscriber, and handles what commits from now on, and what is there already, in a task of its own.
  ///
  /// A store that does not answer is asked again, as ``retry(_:backoff:)`` says, before this returns.
  ///
  /// - Throws: ``SubscriptionFailure`` where the store does not give the subscriber; with a `CancellationError`, where the caller's task is
  ///   cancelled before it has.
  public func start(on store: any Executor) async throws -> RunningSubscription {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else {
      throw SubscriptionFailure(key: key, event: nil, error: CancellationError(), attempt: 1, retryDelay: nil)
    }
    return RunningSubscription(worker)
  }

  /// ``start(on:)`` for the caller's own task: returns when it ends. Cancelling the task ends it; handlers see the
  /// cancellation, and an event whose handler returns all the same is acknowledged.
  ///
  /// - Throws: the ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func run(on store: any Executor) async throws -> SubscriptionEnd {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: false)
  }

  /// Takes the subscriber, handles everything that there is, and returns.
  ///
  /// - Throws: the ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func runOnce(on store: any Executor) async throws -> SubscriptionEnd {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: true)
  }
}
