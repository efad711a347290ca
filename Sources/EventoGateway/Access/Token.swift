internal import ByteCoding
internal import Evento

/// Makes tokens.
public enum Token {
  /// A fresh one: 256 bits of the system's random numbers, as text that fits into a header.
  public static func fresh() -> String {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return "evt_" + Base64.url.encode(bytes)
  }
}

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
