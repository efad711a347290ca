internal import DequeModule

/// The connections whose stream can continue, in turn, and their share of the loop's time.
///
/// Requests go first, however many streams there are and however fast their clients read: the more of the loop's time
/// requests take, the less is left to streams, which then send more at once and less often. Half of that is for streams
/// with little output, so that a close follower does not wait for a thousand that lag.
struct StreamScheduler {
  /// The amount that a stream has to send.
  enum Load {
    case light
    case heavy
  }

  private var light: Deque<Token> = []
  private var heavy: Deque<Token> = []
  /// The time by which light streams have been served longer than heavy ones lately, in nanoseconds: the lag of the
  /// heavy ones.
  private var deficit = 0.0
  /// The share of the loop's time that requests took lately, from 0 to 1.
  private var requestShare = 0.0
  /// The time that streams can take, in nanoseconds: a token bucket. Negative if a turn took longer than available.
  private var tokens = 0.0
  private var lastCount: MonotonicTime

  /// The minimum share of streams under any load. With a tenth, a thousand clients that follow the whole log cost a
  /// third of the possible writes; with this, less than a fifth.
  private static let leastShare = 0.03
  /// The multiple of the requests' time that is subtracted from streams, because requests use other threads, too.
  private static let weight = 4.0
  /// The share from which streams are not limited, and nothing is counted.
  private static let fullShare = 0.9
  /// The maximum that can be saved up.
  private static let mostTokens = 5e6
  /// The maximum that can be overdrawn: a turn in which the system ran something else must not silence all streams for
  /// a second.
  private static let mostDebt = 3e5
  /// The maximum by which one kind can be ahead of the other.
  private static let mostDeficit = 1e6
  /// The approximate time for which a turn is remembered.
  private static let memory = 10e6
  /// The time for which streams are served before the loop checks for requests again.
  static let slice = TimeSpan(nanoseconds: 200_000)

  init(_ now: MonotonicTime) {
    lastCount = now
  }

  var isEmpty: Bool { light.isEmpty && heavy.isEmpty }

  /// The share of the loop's time that streams can take now.
  private var share: Double { max(1 - Self.weight * requestShare, Self.leastShare) }

  private var isLimited: Bool { share < Self.fullShare }

  /// True if the next one may be served.
  var mayContinue: Bool { !isEmpty && (tokens > 0 || !isLimited) }

  mutating func append(_ token: Token, _ load: Load) {
    switch load {
    case .light: light.append(token)
    case .heavy: heavy.append(token)
    }
  }

  /// - Complexity: Amortized O(1).
  mutating func popFirst() -> (token: Token, load: Load)? {
    if deficit <= 0 || heavy.isEmpty, let token = light.popFirst() { return (token, .light) }
    return heavy.popFirst().map { ($0, .heavy) }
  }

  /// Counts a turn of the loop up to now, and the time that requests have taken of it.
  mutating func countRequests(_ taken: TimeSpan, until now: MonotonicTime) {
    let passed = max(Double(lastCount.span(to: now).nanoseconds), 1)
    lastCount = now
    requestShare += (Double(taken.nanoseconds) / passed - requestShare) * passed / (passed + Self.memory)
    tokens = min(tokens + passed * share, Self.mostTokens)
  }

  /// Counts the time that a stream has taken.
  mutating func countStream(_ taken: TimeSpan, _ load: Load) {
    let taken = Double(taken.nanoseconds)
    if isLimited { tokens = max(tokens - taken, -Self.mostDebt) }
    deficit = max(-Self.mostDeficit, min(deficit + (load == .light ? taken : -taken), Self.mostDeficit))
  }
}
