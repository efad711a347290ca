internal import Evento
internal import Synchronization

/// Admits requests and followers up to the gateway's limits, and counts them.
///
/// Requests that the store works on and requests that wait for events are counted separately: many waiting clients must
/// not keep others from writing.
final class AdmissionControl: Sendable {
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
  func checkRequest() throws(EventoError) {
    guard requestsInFlight >= requestLimit else { return }
    try refuse("Too many requests are in flight (limit \(requestLimit)). Retry shortly.")
  }

  /// The permit of a request in flight. It counts until its release, or until the last reference to it is gone.
  final class RequestPermit: Sendable {
    private let admission: AdmissionControl
    private let isReleased = Atomic(false)

    fileprivate init(_ admission: AdmissionControl) {
      self.admission = admission
      admission.requests.wrappingAdd(1, ordering: .relaxed)
    }

    /// Releases the permit. Call it before the response is sent: the client's next request may arrive before the last
    /// reference to this one is gone.
    func release() {
      guard !isReleased.exchange(true, ordering: .relaxed) else { return }
      admission.requests.wrappingSubtract(1, ordering: .relaxed)
    }

    deinit {
      release()
    }
  }

  /// - Throws: `unavailable` if one more would exceed the limit.
  func acquireRequest() throws(EventoError) -> RequestPermit {
    try checkRequest()
    return RequestPermit(self)
  }

  /// Counts a request as a follower, instead of in flight, while the body runs.
  ///
  /// - Throws: `unavailable` if one more follower would exceed the limit; the errors of the body.
  func asFollower<Value>(_ body: () async throws -> Value) async throws -> Value {
    let permit = try acquireFollower()
    requests.wrappingSubtract(1, ordering: .relaxed)
    defer {
      requests.wrappingAdd(1, ordering: .relaxed)
      withExtendedLifetime(permit) {}
    }
    return try await body()
  }

  /// The permit of a follower of the log. It counts until the last reference to it is gone.
  final class FollowerPermit: Sendable {
    private let admission: AdmissionControl

    fileprivate init(_ admission: AdmissionControl) {
      self.admission = admission
      admission.followers.wrappingAdd(1, ordering: .relaxed)
    }

    deinit {
      admission.followers.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  /// - Throws: `unavailable` if one more would exceed the limit.
  func acquireFollower() throws(EventoError) -> FollowerPermit {
    if followersWaiting >= followerLimit {
      try refuse("Too many streams and waiting reads are open (limit \(followerLimit)). Retry shortly.")
    }
    return FollowerPermit(self)
  }

  /// Counts a request that would exceed a limit.
  ///
  /// - Throws: `unavailable`, always.
  func refuse(_ detail: String) throws(EventoError) -> Never {
    refusals.wrappingAdd(1, ordering: .relaxed)
    throw EventoError(.unavailable, detail)
  }
}
