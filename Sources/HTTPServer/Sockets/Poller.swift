/// Waits until sockets can be read or written.
protocol Poller: AnyObject {
  /// Reports a connection's readiness under a token, from now on.
  func addConnection(_ descriptor: Int32, token: UInt64) throws(SystemError)
  /// Forgets a connection that is about to be closed.
  func removeConnection(_ descriptor: Int32)
  /// Reports connections that wait to be accepted, and whatever else is only read, for as long as there are any.
  func addListener(_ descriptor: Int32, token: UInt64) throws(SystemError)
  func removeListener(_ descriptor: Int32)
  /// Whether it has to be told what a connection waits for. One that reports changes alone need not know.
  var needsInterest: Bool { get }
  /// What a connection waits for.
  func setInterest(_ interest: Interest, of descriptor: Int32)
  /// Waits for at most that long, for ever with -1, and puts what has come into `events`, instead of what was there.
  func wait(milliseconds: Int32, into events: inout [PollEvent]) throws(SystemError)
}

/// What a poller has noticed.
struct PollEvent {
  let token: UInt64
  let readiness: Readiness
}

/// What a connection waits for.
struct Interest: OptionSet {
  let rawValue: UInt8
  static let reading = Interest(rawValue: 1)
  static let writing = Interest(rawValue: 2)
  /// That the peer has sent all that it will, whether or not what it sent is read now.
  static let end = Interest(rawValue: 4)
}

/// What a socket is ready for.
struct Readiness: OptionSet {
  let rawValue: UInt32
  static let readable = Readiness(rawValue: 1)
  static let writable = Readiness(rawValue: 2)
  /// The peer has sent all that it will.
  static let peerFinished = Readiness(rawValue: 4)
  /// The connection is gone.
  static let broken = Readiness(rawValue: 8)
}

/// The kinds of poller.
enum PollerKind: Sendable {
  case epoll
  case poll

  static var best: PollerKind {
    #if os(Linux)
      .epoll
    #else
      .poll
    #endif
  }

  func make() throws(SystemError) -> any Poller {
    #if os(Linux)
      if self == .epoll { return try EpollPoller() }
    #endif
    return PollPoller()
  }
}
