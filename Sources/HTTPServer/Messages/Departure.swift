internal import Synchronization

/// Tells that nobody waits for a request's answer any more.
final class Departure: Sendable {
  private let flag = Atomic(false)

  var hasCome: Bool { flag.load(ordering: .relaxed) }

  func come() { flag.store(true, ordering: .relaxed) }
}
