internal import Evento
internal import EventoWire
internal import HTTPServer
internal import Synchronization

/// The body of a stream. It lasts as long as the client reads it and has permission, and the gateway does not stop.
/// Once the client has half-closed its connection (it may be gone), the stream ends with the events up to now.
struct StreamBody: Sendable {
  let format: StreamFormat
  let heartbeat: Duration
  let commits: CommitSignal
  /// Returns true if the stream may continue: its token may have been revoked.
  let isAllowed: @Sendable () -> Bool

  func write(
    from follower: LogFollower, beginningWith first: consuming LogFollower.Step, to output: inout StreamOutput
  ) async throws {
    var (follower, step) = (follower, consume first)
    var lastHeartbeat = ContinuousClock.now
    try await output.write(format.opening)
    while isAllowed() {
      try Task.checkCancellation()
      let (position, isSilent, isLast, lines) = (step.position, step.isSilent, step.isLast, step.lines)
      // While a slow client reads the lines, only the writer holds them.
      step = .nothing(position)
      let start = ContinuousClock.now
      try await output.write(consume lines, unreadBytes: follower.stepSize.unreadBytes)
      let now = ContinuousClock.now
      follower.adaptStepSize(to: now - start)
      if isSilent || now - lastHeartbeat >= heartbeat {
        try await output.write(format.heartbeat(position))
        lastHeartbeat = now
      }
      // The body ends normally, so that the client continues from its cursor at another gateway.
      if isLast || commits.isFinished { return }
      step = try await follower.next(until: lastHeartbeat + heartbeat)
    }
  }
}

/// The first step of a stream, until its body takes it. The closure that writes the body exists as long as the stream,
/// and would hold a page for that time.
final class FirstStep: Sendable {
  private let step: Mutex<LogFollower.Step?>

  init(_ step: LogFollower.Step) {
    self.step = Mutex(step)
  }

  func take() -> LogFollower.Step {
    step.withLock { step in
      defer { step = nil }
      return step ?? .nothing(nil)
    }
  }
}

extension LogFollower.Step {
  fileprivate var position: Cursor? {
    switch self {
    case .events(let page): page.end
    case .nothing(let position), .stopped(let position): position
    }
  }

  fileprivate var lines: [UInt8] {
    if case .events(let page) = self { page.lines } else { [] }
  }

  fileprivate var isLast: Bool {
    if case .stopped = self { true } else { false }
  }

  fileprivate var isSilent: Bool {
    if case .events = self { false } else { true }
  }
}
