import Evento
import EventoTesting

extension Defect {
  static let acknowledgements: [Defect] = [
    Defect(
      "an acknowledgement of an unknown subscriber does nothing",
      caughtBy: [
        "an acknowledgement of an unknown subscriber is refused"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        if try await store.subscriber(wish.key) == nil {
          try await store.upsertSubscriber(wish.key, workerID: wish.workerID ?? ULID())
        }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "an acknowledgement does not look at the worker",
      caughtBy: [
        "an acknowledgement by a worker that lost the subscriber changes nothing"
      ]
    ) {
      $0.changeAcknowledgement { $0.workerID = nil }
    },
    Defect(
      "an acknowledgement without a worker is refused",
      caughtBy: [
        "an acknowledgement without a worker is accepted under any holder"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        guard let worker = wish.workerID else { throw EventoError.subscriberTakenOver(wish.key) }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: worker)
      }
    },
    Defect(
      "an acknowledgement loses its lag",
      caughtBy: [
        "an acknowledgement keeps cursor and lag"
      ]
    ) {
      $0.changeAcknowledgement { if $0.lag > 0, $0.lag <= Subscriber.maximumLag { $0.lag = 0 } }
    },
    Defect("a lag out of range is brought into it", caughtBy: ["a lag out of range is refused"]) {
      $0.changeAcknowledgement { $0.lag = min(max($0.lag, 0), Subscriber.maximumLag) }
    },
    Defect(
      "an acknowledgement of the beginning changes nothing",
      caughtBy: [
        "a cursor of nil sends a subscriber back to the beginning"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        var cursor = wish.cursor
        if cursor == nil { cursor = try await store.getSubscriberCursor(wish.key) }
        return try await store.acknowledge(wish.key, cursor: cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "a subscriber goes forward only",
      caughtBy: [
        "a subscriber can go back to an earlier position"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        var cursor = wish.cursor
        let held = try await store.getSubscriberCursor(wish.key)
        let log = try await store.everything()
        if let held, let position = log.firstIndex(where: { $0.cursor == held }), let wished = cursor,
          log[...position].contains(where: { $0.cursor == wished })
        {
          cursor = held
        }
        return try await store.acknowledge(wish.key, cursor: cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "only the cursor of an event can be acknowledged",
      caughtBy: [
        "any cursor that a read returned can be acknowledged"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        if let cursor = wish.cursor, try await !store.everything().contains(where: { $0.cursor == cursor }) {
          throw EventoError.cursorNotInHistory()
        }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "a disabled subscriber can't be acknowledged",
      caughtBy: [
        "a disabled subscriber can be acknowledged"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        if try await store.subscriber(wish.key)?.isEnabled == false { throw EventoError.subscriberTakenOver(wish.key) }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "an acknowledgement is one event behind",
      caughtBy: [
        "an acknowledgement keeps cursor and lag"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        let subscriber = try await store.acknowledge(
          wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
        guard let cursor = wish.cursor else { return subscriber }
        let before = try await store.read(nil, routingKey: .all, args: .backward(last: 1, before: cursor))
        guard let position = before.edges.last?.cursor else { return subscriber }
        try await store.acknowledge(wish.key, cursor: position, lag: wish.lag)
        return subscriber
      }
    },
    Defect(
      "the cursor is looked at before who holds the subscriber",
      caughtBy: [
        "a cursor of another store is refused by an acknowledgement"
      ]
    ) {
      $0.acknowledge = { store, wish throws in
        if let cursor = wish.cursor {
          _ = try await store.read([], routingKey: .all, args: .forward(after: .after(cursor)))
        }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
  ]
}

extension Defect.Hooks {
  fileprivate mutating func changeAcknowledgement(
    _ change: @escaping @Sendable (inout Defect.Acknowledgement) -> Void
  ) {
    acknowledge = { store, wish throws in
      var wish = wish
      change(&wish)
      return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
    }
  }
}
