/// The part of a commit that is about one aggregate.
struct AggregateDraft: Sendable {
  struct Event: Sendable {
    /// Generated once, so that the store recognizes the event when it is written again.
    let id = ULID()
    let name: String
    let payload: @Sendable (any EventCoder) throws -> Payload
  }

  let type: String
  let id: String
  var originalVersion: Int?
  var routingKey = NewEvent.Routing.inherited
  var events: [Event] = []
  var metadata = MetadataDraft()
  var coder: any EventCoder = JSONCoder()

  /// The version and routing key under which a draft's events are written.
  struct Target {
    /// The version that the aggregate must have; `nil` for any.
    let originalVersion: Int?
    let routingKey: NewEvent.Routing
    /// True if the version was read from the store, and the caller did not require it.
    let isGuess: Bool
  }

  var filter: ReadAggregator { ReadAggregator(type, id: id) }

  /// Returns this draft with the metadata of the whole commit added.
  func under(_ metadata: MetadataDraft) -> AggregateDraft {
    var copy = self
    copy.metadata = self.metadata.over(metadata)
    return copy
  }

  /// Determines the version and routing key to write the events with.
  ///
  /// An aggregate keeps the routing key of its first event. If a key is set and the aggregate may or may not exist,
  /// this reads the store. If it does not exist, the events require its first versions, so that no other writer can
  /// create it with another key in between.
  func target(in store: any Executor) async throws -> Target {
    switch (originalVersion, routingKey) {
    case (let version?, _) where version > 0:
      return Target(originalVersion: version, routingKey: .inherited, isGuess: false)
    case (let version?, let routingKey):
      return Target(originalVersion: version, routingKey: routingKey, isGuess: false)
    case (nil, .inherited):
      return appending
    case (nil, .value):
      let page = try await store.read([filter], routingKey: .all, args: .backward(last: 1))
      return page.edges.isEmpty ? Target(originalVersion: 0, routingKey: routingKey, isGuess: true) : appending
    }
  }

  /// Appends to the aggregate at any version, with its routing key.
  var appending: Target { Target(originalVersion: nil, routingKey: .inherited, isGuess: false) }

  /// Returns the events to write. The store recognizes them by their ids, whatever their version and routing key: a
  /// second attempt that finds the aggregate existing requires less than the first one, and never something else.
  func newEvents(_ target: Target) throws -> [NewEvent] {
    guard !events.isEmpty else { throw EventoError.missingData() }
    let versions = 0...Evento.Event.maximumVersion
    guard versions.contains(target.originalVersion ?? 0) else {
      throw EventoError(
        .invalidRequest, "The original version of \(type) \(id) must be 0 to \(versions.upperBound).")
    }
    let metadata = try metadata.build()
    var written: [NewEvent] = []
    for (index, event) in events.enumerated() {
      written.append(
        NewEvent(
          id: event.id, aggregatorType: type, aggregatorID: id,
          version: target.originalVersion.map { $0 + 1 + index }, name: event.name, routingKey: target.routingKey,
          data: try event.payload(coder), metadata: metadata))
    }
    return written
  }
}
