internal import DequeModule

/// The connections whose stream can go on, in turn, and how much of the loop's time they may take.
///
/// Requests go first, however many streams there are and however fast their clients read: the more of the loop's time
/// requests take, the less is left to streams, which then send more at once and less often. Of that, half is for those
/// that have little to send, so that one that follows closely does not wait for a thousand that lag.
struct StreamScheduler {
  /// How much a stream has to send.
  enum Load {
    case light
    case heavy
  }

  private var light: Deque<Token> = []
  private var heavy: Deque<Token> = []
  /// How much longer light ones have been served than heavy ones lately, in nanoseconds: what heavy ones lack.
  private var deficit = 0.0
  /// How much of the loop's time requests took lately, from 0 to 1.
  private var requestShare = 0.0
  /// The time that streams may take, in nanoseconds: a token bucket. Negative if a turn took longer than there was.
  private var tokens = 0.0
  private var lastCount: MonotonicTime

  /// What streams have at least, however much there is to do. With a tenth, a thousand clients that follow all there is
  /// cost a third of the writes that are possible; with this, less than a fifth.
  private static let leastShare = 0.03
  /// So much of the time that requests take is taken from streams: they use other threads, too.
  private static let weight = 4.0
  /// Where streams may take nearly everything, nothing is counted.
  private static let fullShare = 0.9
  /// What can be saved up.
  private static let mostTokens = 5e6
  /// What can be overdrawn: a turn in which the system ran something else must not silence all streams for a second.
  private static let mostDebt = 3e5
  /// What one kind can be ahead of the other.
  private static let mostDeficit = 1e6
  /// For about how long a turn is remembered.
  private static let memory = 10e6
  /// How long streams are served before requests are looked for again.
  static let slice = TimeSpan(nanoseconds: 200_000)

  init(_ now: MonotonicTime) {
    lastCount = now
  }

  var isEmpty: Bool { light.isEmpty && heavy.isEmpty }

  /// The part of the loop's time that streams may take now.
  private var share: Double { max(1 - Self.weight * requestShare, Self.leastShare) }

  private var isLimited: Bool { share < Self.fullShare }

  /// Whether the next one may be served.
  var mayGoOn: Bool { !isEmpty && (tokens > 0 || !isLimited) }

  mutating func append(_ token: Token, _ load: Load) {
    switch load {
    case .light: light.append(token)
    case .heavy: heavy.append(token)
    }
  }

  /// - Complexity: amortized O(1).
  mutating func popFirst() -> (token: Token, load: Load)? {
    if deficit <= 0 || heavy.isEmpty, let token = light.popFirst() { return (token, .light) }
    return heavy.popFirst().map { ($0, .heavy) }
  }

  /// Counts a turn of the loop, up to now, of which requests have taken some.
  mutating func countRequests(_ taken: TimeSpan, until now: MonotonicTime) {
    let passed = max(Double(lastCount.span(to: now).nanoseconds), 1)
    lastCount = now
    requestShare += (Double(taken.nanoseconds) / passed - requestShare) * passed / (passed + Self.memory)
    tokens = min(tokens + passed * share, Self.mostTokens)
  }

  /// Counts what a stream has taken.
  mutating func countStream(_ taken: TimeSpan, _ load: Load) {
    let taken = Double(taken.nanoseconds)
    if isLimited { tokens = max(tokens - taken, -Self.mostDebt) }
    deficit = max(-Self.mostDeficit, min(deficit + (load == .light ? taken : -taken), Self.mostDeficit))
  }
}
