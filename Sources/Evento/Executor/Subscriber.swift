/// A reader of the log whose position is kept in the store. Two are equal if all members are equal. The key is compared
/// by its UTF-8 bytes.
public struct Subscriber: Sendable, Equatable {
  private let exactKey: Name
  /// The worker that holds it.
  public let workerID: ULID
  /// The last event that it has handled; `nil` at the beginning.
  public let cursor: Cursor?
  /// The distance from the end of the log, in seconds, as it was last acknowledged.
  public let lag: Int
  public let isEnabled: Bool
  public let createdAt: Timestamp
  public let updatedAt: Timestamp

  public init(
    key: String, workerID: ULID, cursor: Cursor?, lag: Int, isEnabled: Bool, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    exactKey = Name(checked: key)
    self.workerID = workerID
    self.cursor = cursor
    self.lag = lag
    self.isEnabled = isEnabled
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  public var key: String { exactKey.text }

  /// The largest lag, in seconds: 2^53 - 1, the largest integer that every JSON reader keeps exactly (RFC 8259 §6).
  public static let maximumLag = 1 << 53 - 1

  /// Checks a lag.
  ///
  /// - Throws: `invalid_request` if it is out of range.
  public static func check(lag: Int) throws {
    guard (0...maximumLag).contains(lag) else {
      throw EventoError(.invalidRequest, "lag must be 0 to \(maximumLag) seconds, but is \(lag).")
    }
  }

  /// Checks a key.
  ///
  /// - Throws: `invalid_request` if it is invalid.
  public static func check(key: String) throws {
    try Name.check(key, "The subscriber's key")
  }
}

/// The result of an upsert.
public struct SubscriberUpsert: Sendable, Equatable {
  public let subscriber: Subscriber
  /// True if the subscriber did not exist before.
  public let isNew: Bool

  public init(subscriber: Subscriber, isNew: Bool) {
    self.subscriber = subscriber
    self.isNew = isNew
  }
}

/// One page of the subscribers of a store, by key in byte order.
public struct SubscriberPage: Sendable, Equatable {
  public var subscribers: [Subscriber]
  /// True if the store has subscribers with greater keys than the last of these. A page for which this is true is never
  /// empty.
  public var hasNextPage: Bool

  public init(subscribers: [Subscriber], hasNextPage: Bool) {
    self.subscribers = subscribers
    self.hasNextPage = hasNextPage
  }

  /// The allowed numbers of subscribers per page.
  public static let countRange = 1...1000

  /// Checks the arguments of ``Executor/subscribers(first:after:)``. An executor calls this first.
  ///
  /// - Throws: `invalid_request` if the number is out of range, or the key is malformed.
  public static func check(first: Int, after key: String?) throws {
    guard countRange.contains(first) else {
      throw EventoError(
        .invalidRequest, "first must be \(countRange.lowerBound) to \(countRange.upperBound), but is \(first).")
    }
    if let key { try Name.check(key, "after") }
  }

  /// Checks the properties of a page on which a reader of all pages relies: without them, it could read in circles
  /// without end.
  ///
  /// - Throws: `internal` if the page has more subscribers than requested, is not in the order of the keys, or is empty
  ///   although there is a next one.
  package func check(asResponseTo first: Int, after key: String?) throws(EventoError) {
    let keys = [key.map(Name.init(checked:))].compactMap(\.self) + subscribers.map { Name(checked: $0.key) }
    let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 }
    guard subscribers.count <= first, isSorted, !(hasNextPage && subscribers.isEmpty) else {
      throw EventoError(.internal, "The page of subscribers is too long, out of order, or empty and not the last one.")
    }
  }
}

extension Executor {
  /// Returns all subscribers, by key in byte order.
  ///
  /// It reads page after page: a subscriber that is created or deleted meanwhile may or may not be included. All of
  /// them are in memory at once; if there are many, read the pages yourself with ``subscribers(first:after:)``.
  public func subscribers() async throws -> [Subscriber] {
    let count = SubscriberPage.countRange.upperBound
    var all: [Subscriber] = []
    while true {
      let last = all.last?.key
      let page = try await subscribers(first: count, after: last)
      try page.check(asResponseTo: count, after: last)
      all += page.subscribers
      guard page.hasNextPage else { return all }
    }
  }
}
