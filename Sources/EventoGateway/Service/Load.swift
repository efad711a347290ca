internal import Evento
internal import Synchronization

/// How much the gateway has taken on, and when that is enough.
///
/// Requests that the store works on and those that wait for events are counted apart: a crowd that waits must not keep
/// anybody from writing.
final class Load: Sendable {
  private let requestLimit: Int
  private let followerLimit: Int
  private let requests = Atomic(0)
  private let followers = Atomic(0)
  private let refusals = Atomic(0)

  init(requestLimit: Int, followerLimit: Int) {
    self.requestLimit = requestLimit
    self.followerLimit = followerLimit
  }

  var requestsInFlight: Int { requests.load(ordering: .relaxed) }
  var followersWaiting: Int { followers.load(ordering: .relaxed) }
  var requestsRefused: Int { refusals.load(ordering: .relaxed) }

  /// - Throws: `unavailable` where one more request would be too many.
  func check() throws(EventoError) {
    guard requestsInFlight >= requestLimit else { return }
    try refuse("Too many requests are in flight (limit \(requestLimit)). Retry shortly.")
  }

  /// A request in flight; it counts until it ends, or nobody holds it any more.
  final class Request: Sendable {
    private let load: Load
    private let isOver = Atomic(false)

    fileprivate init(_ load: Load) {
      self.load = load
      load.requests.wrappingAdd(1, ordering: .relaxed)
    }

    /// To be called before the answer is on its way: the client's next request may be there before whoever else holds
    /// this one has let it go.
    func end() {
      guard !isOver.exchange(true, ordering: .relaxed) else { return }
      load.requests.wrappingSubtract(1, ordering: .relaxed)
    }

    deinit {
      end()
    }
  }

  /// - Throws: `unavailable` where one more would be too many.
  func enter() throws(EventoError) -> Request {
    try check()
    return Request(self)
  }

  /// Counts a request as one that waits, in the place of one in flight, for as long as the body runs.
  func waiting<Value>(_ body: () async throws -> Value) async throws -> Value {
    let follower = try follower()
    requests.wrappingSubtract(1, ordering: .relaxed)
    defer {
      requests.wrappingAdd(1, ordering: .relaxed)
      withExtendedLifetime(follower) {}
    }
    return try await body()
  }

  /// One that follows the log; it counts until nobody holds it any more.
  final class Follower: Sendable {
    private let load: Load

    fileprivate init(_ load: Load) {
      self.load = load
      load.followers.wrappingAdd(1, ordering: .relaxed)
    }

    deinit {
      load.followers.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  /// - Throws: `unavailable` where one more would be too many.
  func follower() throws(EventoError) -> Follower {
    if followersWaiting >= followerLimit {
      try refuse("Too many streams and waiting reads are open (limit \(followerLimit)). Retry shortly.")
    }
    return Follower(self)
  }

  /// Counts a request that is too much beside others.
  ///
  /// - Throws: `unavailable`, always.
  func refuse(_ detail: String) throws(EventoError) -> Never {
    refusals.wrappingAdd(1, ordering: .relaxed)
    throw EventoError(.unavailable, detail)
  }
}
