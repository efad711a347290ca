/// The permission of a token. Each role includes those before it.
package enum Role: String, Sendable, CaseIterable, Comparable {
  /// Permission to read.
  case read
  /// Permission to write events, subscribers and snapshots.
  case write
  /// Permission to delete, to erase, and to disable subscribers.
  case admin

  package static func < (left: Role, right: Role) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .admin: 2
    }
  }
}
