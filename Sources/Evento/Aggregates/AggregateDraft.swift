/// What a commit says of one aggregate.
struct AggregateDraft: Sendable {
  struct Event: Sendable {
    /// Drawn once, so that the store knows the event again when it is written again.
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

  /// How the events of a draft are written.
  struct Placing {
    /// The version that the aggregate must have; `nil`: any.
    let originalVersion: Int?
    let routingKey: NewEvent.Routing
    /// Whether the version was only found to be this one, and nobody asked for it.
    let isGuess: Bool
  }

  var filter: ReadAggregator { ReadAggregator(type, id: id) }

  /// The same within a commit of which something is said as a whole.
  func under(_ metadata: MetadataDraft) -> AggregateDraft {
    var copy = self
    copy.metadata = self.metadata.over(metadata)
    return copy
  }

  /// Finds out what the events are to say of version and routing key.
  ///
  /// An aggregate keeps the routing key that it was begun with. Where a key is given, and it is open whether the
  /// aggregate is there, the store is asked; where it is not, the events claim its first versions, so that nobody can
  /// begin it under another key in between.
  func placing(on store: any Executor) async throws -> Placing {
    switch (originalVersion, routingKey) {
    case (let version?, _) where version > 0:
      return Placing(originalVersion: version, routingKey: .inherited, isGuess: false)
    case (let version?, let routingKey):
      return Placing(originalVersion: version, routingKey: routingKey, isGuess: false)
    case (nil, .inherited):
      return appending
    case (nil, .value):
      let page = try await store.read([filter], routingKey: .all, args: .backward(last: 1))
      return page.edges.isEmpty ? Placing(originalVersion: 0, routingKey: routingKey, isGuess: true) : appending
    }
  }

  /// Behind whatever is there, under its routing key.
  var appending: Placing { Placing(originalVersion: nil, routingKey: .inherited, isGuess: false) }

  /// The events to write. Whatever they say of version and routing key, the store knows them again by their ids: what
  /// is placed anew, because the aggregate is there by now, claims less than it did before, and never something else.
  func newEvents(_ placing: Placing) throws -> [NewEvent] {
    guard !events.isEmpty else { throw EventoError.missingData() }
    let versions = 0...Evento.Event.maximumVersion
    guard versions.contains(placing.originalVersion ?? 0) else {
      throw EventoError(
        .invalidRequest, "The original version of \(type) \(id) must be 0 to \(versions.upperBound).")
    }
    let metadata = try metadata.build()
    var written: [NewEvent] = []
    for (index, event) in events.enumerated() {
      written.append(
        NewEvent(
          id: event.id, aggregatorType: type, aggregatorID: id,
          version: placing.originalVersion.map { $0 + 1 + index }, name: event.name, routingKey: placing.routingKey,
          data: try event.payload(coder), metadata: metadata))
    }
    return written
  }
}
