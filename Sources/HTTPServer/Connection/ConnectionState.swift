// The states of a connection, and its actions.

extension ConnectionStateMachine {
  /// The meaning of the peer's next bytes.
  enum ReadState: Equatable {
    case head(HeadProgress)
    /// A body that the handler uses.
    case collecting(limit: Int)
    /// A body that the handler does not use, read up to the allowance so that the connection can be used again.
    case discarding(allowance: Int)
    /// Left unread: the request has been read, and its response is incomplete.
    case paused
    /// Discarded, up to the allowance, until the peer closes (RFC 9112 §9.6).
    case closing(Ending, allowance: Int)
    case closed
  }

  /// The progress of a head, which decides its deadline and if the peer gets a response when that passes.
  enum HeadProgress {
    /// No byte of the connection's first request.
    case first
    /// No byte of a later request.
    case idle
    case partial
  }

  /// The progress of the end of the connection.
  enum Ending: Equatable {
    /// Output is still being written. A body that only the end of the connection delimits is cut off by a reset.
    case writing(thenReset: Bool)
    /// The peer has been notified that no more will come.
    case finished
  }

  /// The progress of the response to the request.
  enum ResponseState: Equatable {
    case none
    /// The handler has not begun.
    case pending
    case handling(until: MonotonicTime)
    case streaming
    /// All of it is in the output.
    case complete
  }

  /// The state of the peer's side of the connection.
  enum PeerState {
    case sending
    /// It sends no more, but its last bytes may be unread.
    case finished
    /// All its bytes have been read.
    case ended
  }

  /// An action of the connection.
  enum Action: Equatable {
    case none
    /// Let the handler respond: the request has been read, as far as needed.
    case respond
    case sendContinue
    /// The request is over, and the next one can be read.
    case nextRequest
    case reject(Rejection)
    /// Read no more requests, and close after the output is written.
    case closeAfterOutput
    /// Notify the peer that no more will come.
    case finishWriting
    case close(CloseReason)
  }

  /// The reason why the server responds to a request instead of the handler.
  enum Rejection: Equatable {
    case headTooSlow
    case bodyTooSlow
    case handlerTooSlow
    case bodyTooLong(limit: Int)
    /// The peer stopped sending in the middle of the request.
    case incomplete

    var isTimeout: Bool {
      switch self {
      case .headTooSlow, .bodyTooSlow, .handlerTooSlow: true
      case .bodyTooLong, .incomplete: false
      }
    }
  }

  enum CloseReason {
    case done
    case idle
    /// The peer read none of the output for too long.
    case unreadOutput
    /// A stream failed whose end is only marked by the end of the connection.
    case brokenStream

    var isTimeout: Bool { self == .idle || self == .unreadOutput }

    /// True if the peer has to see that the response is incomplete.
    var resets: Bool { self == .unreadOutput || self == .brokenStream }
  }

  /// The limits that a connection enforces itself.
  struct Limits: Sendable {
    let timeouts: Timeouts
    let bufferedBytes: Int
    let drainBytes: Int
    let lingerBytes: Int

    init(_ configuration: ServerConfiguration) {
      timeouts = Timeouts(configuration)
      bufferedBytes = configuration.bufferedBytes
      drainBytes = configuration.drainBytes
      lingerBytes = configuration.lingerBytes
    }
  }

  /// The handling of received bytes.
  enum ReceiveAction {
    case parse
    /// Leave them for later.
    case leave
    case discard
    case close
  }

  /// The progress of the response when its request was rejected.
  enum RejectionStage {
    case beforeResponse
    case duringResponse
    case afterResponse
  }
}

/// Work that the event loop still has to do for a connection.
struct PendingWork: OptionSet {
  let rawValue: UInt8
  /// Input was left although no more needs to arrive.
  static let unreadInput = PendingWork(rawValue: 1)
  /// Its stream can continue, and waits in the scheduler.
  static let streamTurn = PendingWork(rawValue: 2)
  /// It had more work than one slice allows.
  static let resumption = PendingWork(rawValue: 4)
}

/// The configured deadlines as time spans.
struct Timeouts: Sendable {
  let head: TimeSpan
  let bodyGrace: TimeSpan
  let idle: TimeSpan
  let write: TimeSpan
  let handler: TimeSpan
  let linger: TimeSpan
  let lingerIdle: TimeSpan
  private let nanosecondsPerByte: UInt64

  init(_ configuration: ServerConfiguration) {
    head = TimeSpan(configuration.headTimeout)
    bodyGrace = TimeSpan(configuration.bodyGrace)
    idle = TimeSpan(configuration.idleTimeout)
    write = TimeSpan(configuration.writeTimeout)
    handler = TimeSpan(configuration.handlerTimeout)
    linger = TimeSpan(configuration.lingerTimeout)
    lingerIdle = TimeSpan(configuration.lingerIdleTimeout)
    nanosecondsPerByte = 1_000_000_000 / UInt64(max(configuration.minimumBodyRate, 1))
  }

  /// The maximum time for the bytes of a body.
  func body(_ count: Int) -> TimeSpan {
    TimeSpan(nanoseconds: UInt64(clamping: count).multipliedReportingOverflow(by: nanosecondsPerByte).partialValue)
  }
}
