// The states of a connection, and what it is told to do.

extension ConnectionStateMachine {
  /// What the next bytes of the peer are.
  enum ReadState: Equatable {
    case head(HeadProgress)
    /// A body that the handler uses.
    case collecting(limit: Int)
    /// A body that the handler does not use, read up to the allowance so that the connection can be used again.
    case discarding(allowance: Int)
    /// Left unread: the request has been read, and its response is not complete.
    case paused
    /// Thrown away, up to the allowance, until the peer closes (RFC 9112 §9.6).
    case closing(Ending, allowance: Int)
    case closed
  }

  /// How far a head has come, which decides its deadline and whether the peer gets a response when that passes.
  enum HeadProgress {
    /// None of the connection's first request.
    case first
    /// None of a later request.
    case idle
    case partial
  }

  /// How far the end of the connection has come.
  enum Ending: Equatable {
    /// Output is still being written. A body that only the end of the connection delimits is cut off by a reset.
    case writing(thenReset: Bool)
    /// The peer has been told that no more will come.
    case finished
  }

  /// How far the response to the request has come.
  enum ResponseState: Equatable {
    case none
    /// The handler has not begun with it.
    case pending
    case handling(until: MonotonicTime)
    case streaming
    /// All of it is in the output.
    case complete
  }

  /// What is known of the bytes that the peer sends.
  enum PeerState {
    case sending
    /// It sends no more, but what it sent may be unread.
    case finished
    /// All that it sent has been read.
    case ended
  }

  /// What the connection has to do.
  enum Action: Equatable {
    case none
    /// Have the handler respond: the request has been read, or as much of it as will be.
    case respond
    case sendContinue
    /// The request is over, and the next one can be read.
    case nextRequest
    case reject(Rejection)
    /// Read no more requests, and close once the output is written.
    case closeAfterOutput
    /// Tell the peer that no more will come.
    case finishWriting
    case close(CloseReason)
  }

  /// Why a request gets a response from the server instead of the handler.
  enum Rejection: Equatable {
    case headTooSlow
    case bodyTooSlow
    case handlerTooSlow
    case bodyTooLong(limit: Int)
    /// The peer finished in the middle of the request.
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
    /// The peer took none of the output for too long.
    case unreadOutput
    /// A stream failed whose end only the end of the connection tells.
    case brokenStream

    var isTimeout: Bool { self == .idle || self == .unreadOutput }

    /// Whether the peer has to see that something is missing.
    var resets: Bool { self == .unreadOutput || self == .brokenStream }
  }

  /// The limits that a connection keeps by itself.
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

  /// What to do with bytes that have come.
  enum Intake {
    case parse
    /// Leave them for later.
    case leave
    case discard
    case close
  }

  /// How far the response had come when its request was rejected.
  enum RejectionStage {
    case beforeResponse
    case duringResponse
    case afterResponse
  }
}

/// What the event loop owes a connection.
struct PendingWork: OptionSet {
  let rawValue: UInt8
  /// Input was left, and not because more must come.
  static let unreadInput = PendingWork(rawValue: 1)
  /// Its stream can go on, and waits in the scheduler.
  static let streamTurn = PendingWork(rawValue: 2)
  /// It had more to do than one slice allows.
  static let resumption = PendingWork(rawValue: 4)
}

/// The deadlines of the configuration, in the form in which they are added to a moment.
struct Timeouts: Sendable {
  let head: TimeSpan
  let bodyGrace: TimeSpan
  let idle: TimeSpan
  let write: TimeSpan
  let handler: TimeSpan
  let linger: TimeSpan
  let lingerQuiet: TimeSpan
  private let nanosecondsPerByte: UInt64

  init(_ configuration: ServerConfiguration) {
    head = TimeSpan(configuration.headDeadline)
    bodyGrace = TimeSpan(configuration.bodyGrace)
    idle = TimeSpan(configuration.idleTimeout)
    write = TimeSpan(configuration.writeDeadline)
    handler = TimeSpan(configuration.handlerDeadline)
    linger = TimeSpan(configuration.lingerTime)
    lingerQuiet = TimeSpan(configuration.lingerTimeout)
    nanosecondsPerByte = 1_000_000_000 / UInt64(max(configuration.minimumBodyRate, 1))
  }

  /// How long the bytes of a body may have taken.
  func body(_ count: Int) -> TimeSpan {
    TimeSpan(nanoseconds: UInt64(clamping: count).multipliedReportingOverflow(by: nanosecondsPerByte).partialValue)
  }
}
