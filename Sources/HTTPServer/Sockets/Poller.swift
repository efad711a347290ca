/// Waits until sockets can be read or written.
protocol Poller: AnyObject {
  /// Reports a connection's readiness under a token, from now on.
  func addConnection(_ descriptor: Int32, token: UInt64) throws(SystemError)
  /// Removes a connection that is about to be closed.
  func removeConnection(_ descriptor: Int32)
  /// Reports connections that wait to be accepted, and other descriptors that are only read, as long as there are any.
  func addListener(_ descriptor: Int32, token: UInt64) throws(SystemError)
  func removeListener(_ descriptor: Int32)
  /// True if ``setInterest(_:of:)`` must be called. A poller that only reports changes does not need it.
  var needsInterest: Bool { get }
  /// Sets the events that a connection waits for.
  func setInterest(_ interest: Interest, of descriptor: Int32)
  /// Waits for at most that long, without limit for -1, and replaces the content of `events` with the new events.
  func wait(milliseconds: Int32, into events: inout [PollEvent]) throws(SystemError)
}

/// An event that a poller has noticed.
struct PollEvent {
  let token: UInt64
  let readiness: Readiness
}

/// The events that a connection waits for.
struct Interest: OptionSet {
  let rawValue: UInt8
  static let reading = Interest(rawValue: 1)
  static let writing = Interest(rawValue: 2)
  /// The peer has sent everything, even if its bytes are not read now.
  static let end = Interest(rawValue: 4)
}

/// The operations that a socket is ready for.
struct Readiness: OptionSet {
  let rawValue: UInt32
  static let readable = Readiness(rawValue: 1)
  static let writable = Readiness(rawValue: 2)
  /// The peer has sent everything.
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
