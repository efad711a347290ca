import Evento
import EventoTesting

extension Defect {
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
