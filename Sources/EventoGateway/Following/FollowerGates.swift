internal import Evento

/// Limits how many followers read the store at the same time: one commit can wake all of them, and every other request would
/// wait behind their reads.
///
/// A read at the end of the log is short, and a read far behind it can be long, so each kind has a line of its own. Far from
/// the end, each filter costs searches of an index, so reads with many filters have lines apart from those with few.
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

  /// The gates for followers that may be far from the end.
  private struct Gates: Sendable {
    let unknown = ReadGate(limit: 4)
    let behind = ReadGate(limit: 2)
  }

  private static let fewAggregators = 8

  private let atEnd = ReadGate(limit: 16)
  private let few = Gates()
  private let many = Gates()

  func gate(for standing: Standing, _ filter: FollowFilter) -> ReadGate {
    let gates = (filter.aggregators?.count ?? 0) <= Self.fewAggregators ? few : many
    return switch standing {
    case .unknown: gates.unknown
    case .atEnd: atEnd
    case .behind: gates.behind
    }
  }

  /// Lets no more reads begin, because the gateway stops.
  func close() {
    for gate in [atEnd, few.unknown, few.behind, many.unknown, many.behind] { gate.close() }
  }
}
