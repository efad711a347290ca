import Evento
import EventoTesting
import Foundation

extension Defect {
  static let subscribers: [Defect] = [
    Defect(
      "a new subscriber is at the end of the log",
      caughtBy: [
        "a new subscriber is at the beginning, enabled and held by its worker"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        guard upsert.isNew else { return upsert }
        let end = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .now)).pageInfo.endCursor
        return SubscriberUpsert(subscriber: try await store.acknowledge(key, cursor: end), isNew: true)
      }
    },
    Defect(
      "a take-over sends the subscriber back to the beginning",
      caughtBy: [
        "a subscriber that is taken over keeps cursor, lag and enabled"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return SubscriberUpsert(subscriber: try await store.acknowledge(key, cursor: nil), isNew: upsert.isNew)
      }
    },
    Defect(
      "a take-over enables the subscriber",
      caughtBy: [
        "a disabled subscriber stays so when it is taken over"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return SubscriberUpsert(subscriber: try await store.setSubscriberEnabled(key, true), isNew: upsert.isNew)
      }
    },
    Defect(
      "a subscriber stays with its first worker",
      caughtBy: [
        "a subscriber runs for the worker that holds it alone"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        guard let held = try await store.subscriber(key) else {
          return try await store.upsertSubscriber(key, workerID: worker)
        }
        return SubscriberUpsert(subscriber: held, isNew: false)
      }
    },
    Defect(
      "every upsert finds the subscriber new",
      caughtBy: [
        "of many workers that make one subscriber, one finds it new",
        "a worker may take a subscriber from itself",
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        SubscriberUpsert(subscriber: try await store.upsertSubscriber(key, workerID: worker).subscriber, isNew: true)
      }
    },
    Defect(
      "an upsert finds no subscriber new",
      caughtBy: [
        "a new subscriber is at the beginning, enabled and held by its worker"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        SubscriberUpsert(subscriber: try await store.upsertSubscriber(key, workerID: worker).subscriber, isNew: false)
      }
    },
    Defect(
      "a take-over counts as the creation",
      caughtBy: [
        "a subscriber that is taken over keeps cursor, lag and enabled"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return upsert.isNew
          ? upsert
          : SubscriberUpsert(subscriber: upsert.subscriber.with(createdAt: Timestamp(seconds: 1)), isNew: false)
      }
    },
    Defect(
      "a subscriber runs for every worker",
      caughtBy: [
        "a subscriber runs for the worker that holds it alone"
      ]
    ) {
      $0.isRunning = { store, key, _ throws(EventoError) in try await store.subscriber(key) != nil }
    },
    Defect(
      "a subscriber that is not there runs",
      caughtBy: [
        "a subscriber runs for the worker that holds it alone"
      ]
    ) {
      $0.isRunning = { store, key, worker throws(EventoError) in
        guard try await store.subscriber(key) != nil else { return true }
        return try await store.isSubscriberRunning(key, workerID: worker)
      }
    },
    Defect(
      "a disabled subscriber runs",
      caughtBy: [
        "a subscriber that is disabled does not run, and keeps all else"
      ]
    ) {
      $0.isRunning = { store, key, worker throws(EventoError) in
        try await store.subscriber(key)?.workerID == worker
      }
    },
    Defect(
      "an unknown subscriber is an error to who asks for its cursor",
      caughtBy: [
        "an unknown subscriber has no cursor"
      ]
    ) {
      $0.cursor = { store, key throws(EventoError) in
        guard let subscriber = try await store.subscriber(key) else { throw .subscriberNotFound(key) }
        return subscriber.cursor
      }
    },
    Defect(
      "subscribers' keys are normalised",
      caughtBy: [
        "subscribers are told apart by the bytes of their keys"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        try await store.upsertSubscriber(key.precomposedStringWithCanonicalMapping, workerID: worker)
      }
      $0.acknowledge = { store, wish throws(EventoError) in
        try await store.acknowledge(
          wish.key.precomposedStringWithCanonicalMapping, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "a subscriber's key ends at a question mark",
      caughtBy: [
        "a subscriber's key may be any name"
      ]
    ) {
      $0.upsert = { store, key, worker throws(EventoError) in
        let key = key.hasPrefix("?") ? "-" : key
        return try await store.upsertSubscriber(key, workerID: worker)
      }
    },
    Defect(
      "keys out of form name no subscriber",
      caughtBy: [
        "a subscriber's key out of form is refused"
      ]
    ) {
      $0.cursor = { store, key throws(EventoError) in
        NameRule.fault(in: key) == nil ? try await store.getSubscriberCursor(key) : nil
      }
      $0.subscriber = { store, key throws(EventoError) in
        NameRule.fault(in: key) == nil ? try await store.subscriber(key) : nil
      }
    },
  ]

  static let acknowledgements: [Defect] = [
    Defect(
      "an acknowledgement of an unknown subscriber does nothing",
      caughtBy: [
        "an acknowledgement of an unknown subscriber is refused"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        if try await store.subscriber(wish.key) == nil {
          try await store.upsertSubscriber(wish.key, workerID: wish.workerID ?? ULID())
        }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "an acknowledgement does not look at the worker",
      caughtBy: [
        "an acknowledgement of a worker that was taken over changes nothing"
      ]
    ) {
      $0.changeAcknowledgement { $0.workerID = nil }
    },
    Defect(
      "an acknowledgement without a worker is refused",
      caughtBy: [
        "an acknowledgement without a worker counts whoever holds the subscriber"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        guard let worker = wish.workerID else { throw .subscriberTakenOver(wish.key) }
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
      $0.acknowledge = { store, wish throws(EventoError) in
        var cursor = wish.cursor
        if cursor == nil { cursor = try await store.getSubscriberCursor(wish.key) }
        return try await store.acknowledge(wish.key, cursor: cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "a subscriber goes forward only",
      caughtBy: [
        "a subscriber may go back to an earlier place"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        var cursor = wish.cursor
        let held = try await store.getSubscriberCursor(wish.key)
        let log = try await store.everything()
        if let held, let place = log.firstIndex(where: { $0.cursor == held }), let wished = cursor,
          log[...place].contains(where: { $0.cursor == wished })
        {
          cursor = held
        }
        return try await store.acknowledge(wish.key, cursor: cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "only the cursor of an event can be acknowledged",
      caughtBy: [
        "any place that a read gave can be acknowledged"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        if let cursor = wish.cursor, try await !store.everything().contains(where: { $0.cursor == cursor }) {
          throw .cursorNotInHistory()
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
      $0.acknowledge = { store, wish throws(EventoError) in
        if try await store.subscriber(wish.key)?.isEnabled == false { throw .subscriberTakenOver(wish.key) }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "an acknowledgement is one event behind",
      caughtBy: [
        "an acknowledgement keeps cursor and lag"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        let subscriber = try await store.acknowledge(
          wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
        guard let cursor = wish.cursor else { return subscriber }
        let before = try await store.read(nil, routingKey: .all, args: .backward(last: 1, before: cursor))
        guard let place = before.edges.last?.cursor else { return subscriber }
        try await store.acknowledge(wish.key, cursor: place, lag: wish.lag)
        return subscriber
      }
    },
    Defect(
      "the cursor is looked at before who holds the subscriber",
      caughtBy: [
        "a cursor of another store is refused by an acknowledgement"
      ]
    ) {
      $0.acknowledge = { store, wish throws(EventoError) in
        if let cursor = wish.cursor {
          _ = try await store.read([], routingKey: .all, args: .forward(after: .after(cursor)))
        }
        return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
  ]

  static let directory: [Defect] = [
    Defect("a subscriber is shown without its lag", caughtBy: ["a subscriber is shown as it is"]) {
      $0.subscriber = { store, key throws(EventoError) in try await store.subscriber(key)?.with(lag: 0) }
    },
    Defect(
      "subscribers are listed without regard to case",
      caughtBy: [
        "subscribers are listed by key, in the order of its bytes"
      ]
    ) {
      $0.subscribers = { store throws(EventoError) in
        try await store.subscribers().sorted { $0.key.lowercased() < $1.key.lowercased() }
      }
    },
    Defect(
      "a subscriber that is disabled goes back to the beginning",
      caughtBy: [
        "a subscriber that is disabled does not run, and keeps all else"
      ]
    ) {
      $0.enable = { store, key, isEnabled throws(EventoError) in
        _ = try await store.setSubscriberEnabled(key, isEnabled)
        return try await store.acknowledge(key, cursor: nil)
      }
    },
    Defect(
      "enabling does nothing",
      caughtBy: [
        "a subscriber that is disabled does not run, and keeps all else"
      ]
    ) {
      $0.enable = { store, key, isEnabled throws(EventoError) in
        guard let subscriber = try await store.subscriber(key) else { throw .subscriberNotFound(key) }
        return subscriber.with(isEnabled: isEnabled)
      }
    },
    Defect(
      "deleting what is not there succeeds",
      caughtBy: [
        "an unknown subscriber can't be enabled or deleted"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws(EventoError) in
        if try await store.subscriber(key) != nil { try await store.deleteSubscriber(key) }
      }
    },
    Defect(
      "a subscriber that is deleted is only disabled",
      caughtBy: [
        "a subscriber that is deleted is gone, and a new one begins anew"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws(EventoError) in
        try await store.setSubscriberEnabled(key, false)
      }
    },
    Defect(
      "subscribers whose keys have a slash can't be deleted",
      caughtBy: [
        "subscribers of any name are shown, enabled and deleted"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws(EventoError) in
        if key.contains("/") { throw .subscriberNotFound(key) }
        try await store.deleteSubscriber(key)
      }
    },
    Defect(
      "keys out of form are unknown",
      caughtBy: [
        "a key out of form is refused by every operation on subscribers"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws(EventoError) in
        guard NameRule.fault(in: key) == nil else { throw .subscriberNotFound(key) }
        try await store.deleteSubscriber(key)
      }
    },
  ]
}

extension Defect.Hooks {
  fileprivate mutating func changeAcknowledgement(
    _ change: @escaping @Sendable (inout Defect.Acknowledgement) -> Void
  ) {
    acknowledge = { store, wish throws(EventoError) in
      var wish = wish
      change(&wish)
      return try await store.acknowledge(wish.key, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
    }
  }
}
