import Evento
import EventoTesting

extension Defect {
  static let directory: [Defect] = [
    Defect("a subscriber is shown without its lag", caughtBy: ["a subscriber is shown as it is"]) {
      $0.subscriber = { store, key throws in try await store.subscriber(key)?.with(lag: 0) }
    },
    Defect(
      "subscribers are listed without regard to case",
      caughtBy: [
        "subscribers are listed by key, in the order of its bytes"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        var page = try await store.subscribers(first: first, after: key)
        page.subscribers.sort { $0.key.lowercased() < $1.key.lowercased() }
        return page
      }
    },
    Defect(
      "a full page of subscribers always has a next one",
      caughtBy: [
        "pages of subscribers have the requested number, and report exactly whether there is a next one"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        var page = try await store.subscribers(first: first, after: key)
        page.hasNextPage = page.subscribers.count == first
        return page
      }
    },
    Defect(
      "a page of subscribers starts with its key",
      caughtBy: [
        "pages of subscribers have the requested number, and report exactly whether there is a next one"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        let all = try await store.subscribers()
        let rest = all.filter { subscriber in key.map { subscriber.key >= $0 } ?? true }
        return SubscriberPage(subscribers: Array(rest.prefix(first)), hasNextPage: rest.count > first)
      }
    },
    Defect(
      "a page of subscribers starts behind a subscriber that is there",
      caughtBy: [
        "a page of subscribers starts after a key by its bytes, also if no subscriber has it"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        guard let key, try await store.subscriber(key) == nil else {
          return try await store.subscribers(first: first, after: key)
        }
        return SubscriberPage(subscribers: [], hasNextPage: false)
      }
    },
    Defect(
      "a page of subscribers starts behind a key that is equal to Swift",
      caughtBy: [
        "a page of subscribers starts after a key by its bytes, also if no subscriber has it"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        let all = try await store.subscribers()
        let rest = all.filter { subscriber in key.map { subscriber.key > $0 } ?? true }
        return SubscriberPage(subscribers: Array(rest.prefix(first)), hasNextPage: rest.count > first)
      }
    },
    Defect(
      "subscribers past the first page are not shown",
      caughtBy: [
        "more subscribers than fit into a page are read page by page"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        var page = try await store.subscribers(first: first, after: key)
        if first == SubscriberPage.countRange.upperBound { page.hasNextPage = false }
        return page
      }
    },
    Defect(
      "a page of subscribers may be of any size",
      caughtBy: [
        "a page of subscribers is refused if its size or its key is out of range"
      ]
    ) {
      $0.subscribers = { store, first, key throws in
        try await store.subscribers(first: min(max(first, 1), 1000), after: key)
      }
    },
    Defect(
      "a subscriber that is disabled goes back to the beginning",
      caughtBy: [
        "a subscriber that is disabled does not run, and keeps all else"
      ]
    ) {
      $0.enable = { store, key, isEnabled throws in
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
      $0.enable = { store, key, isEnabled throws in
        guard let subscriber = try await store.subscriber(key) else { throw EventoError.subscriberNotFound(key) }
        return subscriber.with(isEnabled: isEnabled)
      }
    },
    Defect(
      "deleting what does not exist succeeds",
      caughtBy: [
        "an unknown subscriber can't be enabled or deleted"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws in
        if try await store.subscriber(key) != nil { try await store.deleteSubscriber(key) }
      }
    },
    Defect(
      "a subscriber that is deleted is only disabled",
      caughtBy: [
        "a deleted subscriber is gone, and a new one starts from the beginning"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws in
        try await store.setSubscriberEnabled(key, false)
      }
    },
    Defect(
      "subscribers whose keys have a slash can't be deleted",
      caughtBy: [
        "subscribers of any name are shown, enabled and deleted"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws in
        if key.contains("/") { throw EventoError.subscriberNotFound(key) }
        try await store.deleteSubscriber(key)
      }
    },
    Defect(
      "keys out of form are unknown",
      caughtBy: [
        "every operation on subscribers refuses an invalid key"
      ]
    ) {
      $0.deleteSubscriber = { store, key throws in
        guard Name.error(in: key) == nil else { throw EventoError.subscriberNotFound(key) }
        try await store.deleteSubscriber(key)
      }
    },
  ]
}
