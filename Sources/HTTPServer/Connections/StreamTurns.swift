/// The connections whose stream can go on, in turn, and how much of the loop's time they may take.
///
/// Requests go first, however many streams there are and however fast their clients read: the more of the loop's time
/// requests take, the less is left to streams, which then send more at once and less often.
struct StreamTurns {
  private var arrived: [Token] = []
  /// The next one last.
  private var next: [Token] = []
  /// How much of the loop's time requests took lately, from 0 to 1.
  private var requestShare = 0.0
  /// Time that streams may take, in nanoseconds; below nothing where a turn took longer.
  private var credit = 0.0
  private var lastCount: Instant

  /// What streams have at least, however much there is to do. With a tenth, a thousand clients that follow all there is
  /// cost a third of the writes that are possible; with this, less than a fifth.
  private static let leastShare = 0.03
  /// So much of the time that requests take is taken from streams: they use other threads, too.
  private static let weight = 4.0
  /// Where streams may take nearly everything, nothing is counted.
  private static let fullShare = 0.9
  /// What can be saved up.
  private static let mostCredit = 5e6
  /// For about how long a turn is remembered.
  private static let memory = 10e6
  /// How long streams are served before requests are looked for again.
  static let slice = TimeSpan(nanoseconds: 200_000)

  init(_ now: Instant) {
    lastCount = now
  }

  var isEmpty: Bool { arrived.isEmpty && next.isEmpty }

  /// The part of the loop's time that streams may take now.
  private var share: Double { max(1 - Self.weight * requestShare, Self.leastShare) }

  private var isLimited: Bool { share < Self.fullShare }

  /// Whether the next one may be served.
  var mayGoOn: Bool { !isEmpty && (credit > 0 || !isLimited) }

  mutating func append(_ token: Token) {
    arrived.append(token)
  }

  /// - Complexity: amortized O(1).
  mutating func popFirst() -> Token? {
    if next.isEmpty {
      next = arrived.reversed()
      arrived.removeAll(keepingCapacity: true)
    }
    return next.popLast()
  }

  /// Counts a turn of the loop, up to now, of which requests have taken some.
  mutating func countRequests(_ taken: TimeSpan, until now: Instant) {
    let passed = max(Double(lastCount.span(to: now).nanoseconds), 1)
    lastCount = now
    requestShare += (Double(taken.nanoseconds) / passed - requestShare) * passed / (passed + Self.memory)
    credit = min(credit + passed * share, Self.mostCredit)
  }

  /// Counts what a stream has taken.
  mutating func countStream(_ taken: TimeSpan) {
    if isLimited { credit -= Double(taken.nanoseconds) }
  }
}
