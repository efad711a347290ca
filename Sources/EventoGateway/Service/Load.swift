internal import Evento
internal import Synchronization

/// The current load of the gateway, and its limits.
///
/// Requests that the store works on and requests that wait for events are counted separately: many waiting clients must
/// not keep others from writing.
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

  /// - Throws: `unavailable` if one more request would exceed the limit.
  func check() throws(EventoError) {
    guard requestsInFlight >= requestLimit else { return }
    try refuse("Too many requests are in flight (limit \(requestLimit)). Retry shortly.")
  }

  /// A request in flight. It counts until it ends, or is released.
  final class Request: Sendable {
    private let load: Load
    private let isOver = Atomic(false)

    fileprivate init(_ load: Load) {
      self.load = load
      load.requests.wrappingAdd(1, ordering: .relaxed)
    }

    /// Ends the request. Call it before the response is sent: the client's next request may arrive before all
    /// references to this one are released.
    func end() {
      guard !isOver.exchange(true, ordering: .relaxed) else { return }
      load.requests.wrappingSubtract(1, ordering: .relaxed)
    }

    deinit {
      end()
    }
  }

  /// - Throws: `unavailable` if one more would exceed the limit.
  func enter() throws(EventoError) -> Request {
    try check()
    return Request(self)
  }

  /// Counts a request as waiting, instead of in flight, while the body runs.
  func waiting<Value>(_ body: () async throws -> Value) async throws -> Value {
    let follower = try follower()
    requests.wrappingSubtract(1, ordering: .relaxed)
    defer {
      requests.wrappingAdd(1, ordering: .relaxed)
      withExtendedLifetime(follower) {}
    }
    return try await body()
  }

  /// A follower of the log. It counts until it is released.
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

  /// - Throws: `unavailable` if one more would exceed the limit.
  func follower() throws(EventoError) -> Follower {
    if followersWaiting >= followerLimit {
      try refuse("Too many streams and waiting reads are open (limit \(followerLimit)). Retry shortly.")
    }
    return Follower(self)
  }

  /// Counts a request that would exceed a limit.
  ///
  /// - Throws: `unavailable`, always.
  func refuse(_ detail: String) throws(EventoError) -> Never {
    refusals.wrappingAdd(1, ordering: .relaxed)
    throw EventoError(.unavailable, detail)
  }
}
