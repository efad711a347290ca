/// What a token allows. Each role has what those before it have.
public enum Role: String, Sendable, CaseIterable, Comparable {
  /// Everything that only looks.
  case read
  /// To write events and keep subscribers and snapshots.
  case write
  /// To delete, and to switch subscribers off.
  case admin

  public static func < (left: Role, right: Role) -> Bool {
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
