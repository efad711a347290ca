/// Limits how many followers read the store at the same time: one commit can wake all of them, and every other request would
/// wait behind their reads.
///
/// A read at the end of the log is short, and a read far behind it can be long, so each kind has a line of its own.
struct FollowerGates: Sendable {
  /// What is known about a follower's place in the log.
  enum Standing: Sendable {
    /// The follower has read nothing yet.
    case unknown
    /// Its last read came to the end of the log, or it starts there.
    case atEnd
    /// Its last read found more than one page.
    case behind
  }

  private let unknown = ReadGate(limit: 4)
  private let atEnd = ReadGate(limit: 16)
  private let behind = ReadGate(limit: 2)

  func gate(for standing: Standing) -> ReadGate {
    switch standing {
    case .unknown: unknown
    case .atEnd: atEnd
    case .behind: behind
    }
  }
}
