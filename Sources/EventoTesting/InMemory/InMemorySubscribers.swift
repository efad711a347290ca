internal import Evento

/// The subscribers of a store in memory.
struct InMemorySubscribers: Sendable {
  private var byKey: [Name: Subscriber] = [:]

  subscript(key: String) -> Subscriber? { byKey[Name(checked: key)] }

  /// Returns a page of subscribers by key, in byte order.
  func page(first: Int, after key: String?) -> SubscriberPage {
    let start = key.map(Name.init(checked:))
    let rest = byKey.filter { entry in start.map { $0 < entry.key } ?? true }.sorted { $0.key < $1.key }
    return SubscriberPage(subscribers: rest.prefix(first).map(\.value), hasNextPage: rest.count > first)
  }

  func existing(_ key: String) throws(EventoError) -> Subscriber {
    guard let subscriber = self[key] else { throw EventoError.subscriberNotFound(key) }
    return subscriber
  }

  mutating func upsert(_ key: String, workerID: ULID, at time: Timestamp) -> SubscriberUpsert {
    if let held = self[key] {
      return SubscriberUpsert(subscriber: replace(held.held(by: workerID, at: time)), isNew: false)
    }
    let fresh = Subscriber(
      key: key, workerID: workerID, cursor: nil, lag: 0, isEnabled: true, createdAt: time, updatedAt: time)
    return SubscriberUpsert(subscriber: replace(fresh), isNew: true)
  }

  mutating func replace(_ subscriber: Subscriber) -> Subscriber {
    byKey[Name(checked: subscriber.key)] = subscriber
    return subscriber
  }

  mutating func remove(_ key: String) throws(EventoError) {
    guard byKey.removeValue(forKey: Name(checked: key)) != nil else { throw EventoError.subscriberNotFound(key) }
  }
}

extension Subscriber {
  func held(by workerID: ULID, at time: Timestamp) -> Subscriber {
    Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: lag, isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: time)
  }

  func acknowledged(_ cursor: Cursor?, lag: Int, at time: Timestamp) -> Subscriber {
    Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: lag, isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: time)
  }

  func enabled(_ isEnabled: Bool, at time: Timestamp) -> Subscriber {
    Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: lag, isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: time)
  }
}
