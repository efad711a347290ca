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
      $0.upsert = { store, key, worker throws in
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
      $0.upsert = { store, key, worker throws in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return SubscriberUpsert(subscriber: try await store.acknowledge(key, cursor: nil), isNew: upsert.isNew)
      }
    },
    Defect(
      "a take-over enables the subscriber",
      caughtBy: [
        "a disabled subscriber stays disabled when it is taken over"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return SubscriberUpsert(subscriber: try await store.setSubscriberEnabled(key, true), isNew: upsert.isNew)
      }
    },
    Defect(
      "a subscriber stays with its first worker",
      caughtBy: [
        "a subscriber runs only for the worker that holds it"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        guard let held = try await store.subscriber(key) else {
          return try await store.upsertSubscriber(key, workerID: worker)
        }
        return SubscriberUpsert(subscriber: held, isNew: false)
      }
    },
    Defect(
      "every upsert finds the subscriber new",
      caughtBy: [
        "of many workers that create one subscriber, one creates it",
        "a worker can take over a subscriber that it holds",
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        SubscriberUpsert(subscriber: try await store.upsertSubscriber(key, workerID: worker).subscriber, isNew: true)
      }
    },
    Defect(
      "an upsert finds no subscriber new",
      caughtBy: [
        "a new subscriber is at the beginning, enabled and held by its worker"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        SubscriberUpsert(subscriber: try await store.upsertSubscriber(key, workerID: worker).subscriber, isNew: false)
      }
    },
    Defect(
      "a take-over counts as the creation",
      caughtBy: [
        "a subscriber that is taken over keeps cursor, lag and enabled"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        let upsert = try await store.upsertSubscriber(key, workerID: worker)
        return upsert.isNew
          ? upsert
          : SubscriberUpsert(subscriber: upsert.subscriber.with(createdAt: Timestamp(seconds: 1)), isNew: false)
      }
    },
    Defect(
      "a subscriber runs for every worker",
      caughtBy: [
        "a subscriber runs only for the worker that holds it"
      ]
    ) {
      $0.isRunning = { store, key, _ throws in try await store.subscriber(key) != nil }
    },
    Defect(
      "a subscriber that does not exist runs",
      caughtBy: [
        "a subscriber runs only for the worker that holds it"
      ]
    ) {
      $0.isRunning = { store, key, worker throws in
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
      $0.isRunning = { store, key, worker throws in
        try await store.subscriber(key)?.workerID == worker
      }
    },
    Defect(
      "an unknown subscriber is an error to who asks for its cursor",
      caughtBy: [
        "an unknown subscriber has no cursor"
      ]
    ) {
      $0.cursor = { store, key throws in
        guard let subscriber = try await store.subscriber(key) else { throw EventoError.subscriberNotFound(key) }
        return subscriber.cursor
      }
    },
    Defect(
      "subscribers' keys are normalized",
      caughtBy: [
        "subscribers' keys are compared by bytes"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        try await store.upsertSubscriber(key.precomposedStringWithCanonicalMapping, workerID: worker)
      }
      $0.acknowledge = { store, wish throws in
        try await store.acknowledge(
          wish.key.precomposedStringWithCanonicalMapping, cursor: wish.cursor, lag: wish.lag, workerID: wish.workerID)
      }
    },
    Defect(
      "a subscriber's key ends at a question mark",
      caughtBy: [
        "a subscriber's key can be any name"
      ]
    ) {
      $0.upsert = { store, key, worker throws in
        let key = key.hasPrefix("?") ? "-" : key
        return try await store.upsertSubscriber(key, workerID: worker)
      }
    },
    Defect(
      "keys out of form name no subscriber",
      caughtBy: [
        "an invalid subscriber's key is refused"
      ]
    ) {
      $0.cursor = { store, key throws in
        Name.error(in: key) == nil ? try await store.getSubscriberCursor(key) : nil
      }
      $0.subscriber = { store, key throws in
        Name.error(in: key) == nil ? try await store.subscriber(key) : nil
      }
    },
  ]
}
