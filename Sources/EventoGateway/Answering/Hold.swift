internal import Synchronization

/// Set once a read is held until there are events: how long that takes says nothing of how fast reads are.
final class HoldMark: Sendable {
  private let mark = Atomic(false)

  var isSet: Bool { mark.load(ordering: .relaxed) }

  func set() {
    mark.store(true, ordering: .relaxed)
  }
}
