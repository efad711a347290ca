/// One page of the subscribers of a store, by key in byte order.
public struct SubscriberPage: Sendable, Equatable {
  public var subscribers: [Subscriber]
  /// Whether the store has subscribers with greater keys than the last of these. A page for which this is true is never
  /// empty.
  public var hasNextPage: Bool

  public init(subscribers: [Subscriber], hasNextPage: Bool) {
    self.subscribers = subscribers
    self.hasNextPage = hasNextPage
  }

  /// The numbers of subscribers that may be asked for at once.
  public static let countRange = 1...1000

  /// Checks the arguments of ``Executor/subscribers(first:after:)``: what an executor does first.
  ///
  /// - Throws: `invalid_request` if the number is out of range, or the key is malformed.
  public static func check(first: Int, after key: String?) throws {
    guard countRange.contains(first) else {
      throw EventoError(
        .invalidRequest, "first must be \(countRange.lowerBound) to \(countRange.upperBound), but is \(first).")
    }
    if let key { try Name.check(key, "after") }
  }

  /// Checks what a reader of page after page relies on: without it, the reader could go in circles and never end.
  ///
  /// - Throws: `internal` if the page has more subscribers than were asked for, is not in the order of the keys, or is
  ///   empty although there is a next one.
  package func check(asAnswerTo first: Int, after key: String?) throws(EventoError) {
    let keys = [key.map(Name.init(checked:))].compactMap(\.self) + subscribers.map(\.name)
    let isSorted = zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 }
    guard subscribers.count <= first, isSorted, !(hasNextPage && subscribers.isEmpty) else {
      throw EventoError(.internal, "The page of subscribers is too long, out of order, or empty and not the last one.")
    }
  }
}

extension Executor {
  /// Returns all subscribers, by key in byte order.
  ///
  /// It reads page after page: a subscriber that is created or deleted meanwhile may be among them or not. All of them
  /// are in memory at once; if they are many, read the pages yourself, by ``subscribers(first:after:)``.
  public func subscribers() async throws -> [Subscriber] {
    let count = SubscriberPage.countRange.upperBound
    var all: [Subscriber] = []
    while true {
      let last = all.last?.key
      let page = try await subscribers(first: count, after: last)
      try page.check(asAnswerTo: count, after: last)
      all += page.subscribers
      guard page.hasNextPage else { return all }
    }
  }
}
