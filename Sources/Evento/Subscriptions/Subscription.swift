/// Handles events as they commit, one after the other, and stores its position.
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
/// If a handler throws, it gets the event again: 30 times with delays of up to a minute, unless ``retry(_:backoff:)``
/// sets other values. ``onFailure(_:)`` is called for each failure; the first is logged, then one a minute.
///
/// Every event is handled at least once. An event that was handled but not acknowledged, because the process ended or
/// another worker took over, is handled again. That can be two chunks, or, if handlers are slow, the events of 100 ms,
/// unless ``acknowledge(every:)`` sets another interval. State that is only in memory needs ``replay()``.
///
/// A subscription is a value; nothing happens before it is started.
public struct Subscription: Sendable {
  /// Handles one event. An error that it throws is a failure: the event is handled again later.
  public typealias Handler<Data: AggregateEvent> =
    @Sendable (_ event: EventData<Data>, _ context: SubscriptionContext) async throws -> Void

  /// Handles one event of any type.
  public typealias CatchAllHandler = @Sendable (_ event: Event, _ context: SubscriptionContext) async throws -> Void

  let name: String
  var handlers = EventHandlers<CatchAllHandler>()
  var erasedHandler: CatchAllHandler?
  var aggregates: [ReadAggregator] = []
  var routing = RoutingKey.value(nil)
  var shared = SharedData()
  var coder: any EventCoder = JSONCoder()
  var checksSafety = false
  var options = SubscriptionOptions()

  /// - Parameter key: The subscriber's key, before which a routing key is put: see ``key``. Two subscriptions with one
  ///   key are workers of the same subscriber: the later one takes over.
  public init(_ key: String) {
    name = key
  }

  /// The subscriber's key in the store: the routing key, if any, a dot, and the subscription's own key, as in Rust's
  /// `evento`.
  ///
  /// Avoid keys with dots: `Subscription("mailer").routingKey("eu")` and `Subscription("eu.mailer")` are one
  /// subscriber. The later one takes over, and continues from the other's cursor in another partition of the log:
  /// events before that position are never handled.
  public var key: String {
    if case .value(let routingKey?) = routing { "\(routingKey).\(name)" } else { name }
  }

  // MARK: Handled events

  /// Handles events of a type. An event whose content was erased is passed over, since it can't be decoded: see
  /// `onErased`.
  ///
  /// - Precondition: The type is not handled or skipped yet.
  public func on<Data: AggregateEvent>(_ type: Data.Type, _ handler: @escaping Handler<Data>) -> Self {
    with {
      $0.handlers.add(
        type,
        .handle { event, context in
          guard !event.isErased else { return }
          try await handler(EventData(event, coder: context.coder), context)
        })
    }
  }

  /// ``on(_:_:)`` for a handler that needs no context.
  public func on<Data: AggregateEvent>(
    _ type: Data.Type, _ handler: @escaping @Sendable (_ event: EventData<Data>) async throws -> Void
  ) -> Self {
    on(type) { event, _ in try await handler(event) }
  }

  /// Handles every event of a kind of aggregate that has no handler of its own and is not skipped. It also gets events
  /// whose content was erased (``Event/isErased``), unless there is an `onErased` handler.
  ///
  /// - Precondition: All events of this kind are not handled yet.
  public func onAll<Kind: Aggregate>(_ kind: Kind.Type, _ handler: @escaping CatchAllHandler) -> Self {
    with { $0.handlers.addAll(kind, handler) }
  }

  /// Handles the events whose content was erased, of every type that is read and not skipped, instead of their other
  /// handler. Events of types that no other handler handles are read only with ``safetyCheck()``.
  ///
  /// If called more than once, the last handler counts.
  public func onErased(_ handler: @escaping CatchAllHandler) -> Self {
    with { $0.erasedHandler = handler }
  }

  /// `onErased` for a handler that needs no context.
  public func onErased(_ handler: @escaping @Sendable (_ event: Event) async throws -> Void) -> Self {
    onErased { event, _ in try await handler(event) }
  }

  /// Acknowledges events of a type without handling them.
  ///
  /// - Precondition: The type is not handled or skipped yet.
  public func skip<Data: AggregateEvent>(_ type: Data.Type) -> Self {
    with { $0.handlers.add(type, .skip) }
  }

  /// Handles only the events of one aggregate of this kind. If called more than once, handles those of several.
  public func aggregate<Kind: Aggregate>(_ kind: Kind.Type, _ id: String) -> Self {
    with { $0.aggregates.append(ReadAggregator(Kind.aggregatorType, id: id)) }
  }

  /// Handles the events with one routing key, which becomes part of the subscriber's ``key``. The default is the events
  /// without a routing key.
  public func routingKey(_ key: String) -> Self {
    with { $0.routing = .value(key) }
  }

  /// Handles events with any routing key or none.
  public func allRoutingKeys() -> Self {
    with { $0.routing = .all }
  }

  /// Reads every event of the kinds of aggregate with handled events, and fails with `unhandled_event` at one that is
  /// neither handled nor skipped. Without it, such events are not even read.
  public func safetyCheck() -> Self {
    with { $0.checksSafety = true }
  }

  /// Provides the handlers with a value, one of each type.
  public func data(_ value: some Sendable) -> Self {
    with { $0.shared.set(value) }
  }

  /// Sets the coder for payloads; the default is ``JSONCoder``.
  public func coder(_ coder: some EventCoder) -> Self {
    with { $0.coder = coder }
  }

  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  /// The filters of its reads: by name, unless it must read everything, or has more names than one read accepts.
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
  /// Takes the subscriber, and handles stored and new events in a task of its own.
  ///
  /// If the store does not respond, it retries as set by ``retry(_:backoff:)`` before this returns.
  ///
  /// - Throws: ``SubscriptionFailure`` if the store does not return the subscriber; with a `CancellationError` if the
  ///   caller's task is cancelled first.
  public func start(on store: any Executor) async throws -> RunningSubscription {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else {
      throw SubscriptionFailure(key: key, event: nil, error: CancellationError(), attempt: 1, retryDelay: nil)
    }
    return RunningSubscription(worker)
  }

  /// Runs like ``start(on:)``, but in the caller's task, and returns when the subscription ends. Cancelling the task
  /// ends it. Handlers see the cancellation, and an event whose handler still returns is acknowledged.
  ///
  /// - Throws: The ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func run(on store: any Executor) async throws -> SubscriptionOutcome {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: false)
  }

  /// Takes the subscriber, handles all events in the log, and returns.
  ///
  /// - Throws: The ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func runOnce(on store: any Executor) async throws -> SubscriptionOutcome {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: true)
  }
}
