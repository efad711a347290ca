internal import Evento

/// Limits the number of followers that read the store at the same time: one commit can wake all of them, and every
/// other request would wait behind their reads.
///
/// A read at the end of the log is short, and a read far from the end can be long, so each kind has its own queue. Far
/// from the end, each filter costs searches of an index, so reads with many filters and reads with few have separate
/// queues.
struct FollowerReadLimits: Sendable {
  /// A follower's progress in the log.
  enum Progress: Sendable {
    /// The follower has read nothing yet.
    case unknown
    /// Its last read reached the end of the log, or it starts there.
    case atEnd
    /// Its last read found more than one page.
    case behind
  }

  /// The semaphores of followers that may be far from the end.
  private struct Semaphores: Sendable {
    let unknown = AsyncSemaphore(permits: 4)
    let behind = AsyncSemaphore(permits: 2)
  }

  private static let fewAggregators = 8

  private let atEnd = AsyncSemaphore(permits: 16)
  private let few = Semaphores()
  private let many = Semaphores()

  func semaphore(for progress: Progress, _ filter: FollowFilter) -> AsyncSemaphore {
    let semaphores = (filter.aggregators?.count ?? 0) <= Self.fewAggregators ? few : many
    return switch progress {
    case .unknown: semaphores.unknown
    case .atEnd: atEnd
    case .behind: semaphores.behind
    }
  }

  /// Lets no more reads begin, because the gateway stops.
  func close() {
    for semaphore in [atEnd, few.unknown, few.behind, many.unknown, many.behind] { semaphore.close() }
  }
}
