internal import ByteCoding
internal import Evento

/// Generates tokens.
public enum Token {
  /// Returns a new token: 256 bits of the system's random numbers, as text that fits into a header.
  public static func fresh() -> String {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return "evt_" + Base64.url.encode(bytes)
  }
}

/// The permission of a token. Each role includes those before it.
public enum Role: String, Sendable, CaseIterable, Comparable {
  /// Permission to read.
  case read
  /// Permission to write events, subscribers and snapshots.
  case write
  /// Permission to delete, and to disable subscribers.
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
