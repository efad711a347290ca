/// Somebody who reads the log and remembers in the store how far.
public struct Subscriber: Sendable, Equatable {
  public let key: String
  /// The worker that holds it.
  public let workerID: ULID
  /// The last event that it has dealt with; `nil` at the beginning.
  public let cursor: Cursor?
  /// How far behind the log it said it was, in seconds.
  public let lag: Int
  public let isEnabled: Bool
  public let createdAt: Timestamp
  public let updatedAt: Timestamp

  public init(
    key: String, workerID: ULID, cursor: Cursor?, lag: Int, isEnabled: Bool, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.key = key
    self.workerID = workerID
    self.cursor = cursor
    self.lag = lag
    self.isEnabled = isEnabled
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// The largest lag, in seconds: 2^53 - 1, the largest integer that every JSON reader keeps exactly (RFC 8259 §6).
  public static let maximumLag = 1 << 53 - 1

  /// Checks a lag.
  ///
  /// - Throws: `invalid_request` where it is out of range.
  public static func check(lag: Int) throws {
    guard (0...maximumLag).contains(lag) else {
      throw EventoError(.invalidRequest, "lag must be 0 to \(maximumLag) seconds, but is \(lag).")
    }
  }

  /// Checks the form of a key.
  ///
  /// - Throws: `invalid_request` where it is out of form.
  public static func check(key: String) throws {
    try NameRule.check(key, "The subscriber's key")
  }

  /// Equal in every member, the key by its UTF-8 bytes.
  public static func == (left: Subscriber, right: Subscriber) -> Bool {
    left.key.isExactly(right.key) && left.workerID == right.workerID && left.cursor == right.cursor
      && left.lag == right.lag && left.isEnabled == right.isEnabled && left.createdAt == right.createdAt
      && left.updatedAt == right.updatedAt
  }
}

/// What an upsert did.
public struct SubscriberUpsert: Sendable, Equatable {
  public let subscriber: Subscriber
  /// Whether there was none before.
  public let isNew: Bool

  public init(subscriber: Subscriber, isNew: Bool) {
    self.subscriber = subscriber
    self.isNew = isNew
  }
}
