#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

#if os(Linux)
  internal import CSocketPolling
#endif

/// Uses poll(2), for systems without epoll. It is as fast while connections are busy, but each wait takes time in
/// proportion to all of them.
final class PollPoller: Poller {
  let needsInterest = true
  private var entries: [pollfd] = []
  private var tokens: [UInt64] = []
  private var indices: [Int32: Int] = [:]

  func addConnection(_ descriptor: Int32, token: UInt64) throws(SystemError) {
    add(descriptor, token, Int16(POLLIN))
  }

  func addListener(_ descriptor: Int32, token: UInt64) throws(SystemError) {
    add(descriptor, token, Int16(POLLIN))
  }

  private func add(_ descriptor: Int32, _ token: UInt64, _ events: Int16) {
    indices[descriptor] = entries.count
    entries.append(pollfd(fd: descriptor, events: events, revents: 0))
    tokens.append(token)
  }

  func removeConnection(_ descriptor: Int32) {
    guard let index = indices.removeValue(forKey: descriptor) else { return }
    let last = entries.count - 1
    if index != last {
      entries[index] = entries[last]
      tokens[index] = tokens[last]
      let moved = entries[index].fd
      indices[moved < 0 ? ~moved : moved] = index
    }
    entries.removeLast()
    tokens.removeLast()
  }

  func setInterest(_ interest: Interest, of descriptor: Int32) {
    guard let index = indices[descriptor] else { return }
    var events: Int16 = 0
    if interest.contains(.reading) { events |= Int16(POLLIN) }
    if interest.contains(.writing) { events |= Int16(POLLOUT) }
    #if os(Linux)
      if interest.contains(.end) { events |= Self.end }
    #endif
    entries[index].events = events
    #if canImport(Darwin)
      // POLLHUP can't be masked, and would be reported again and again; a negative descriptor is ignored.
      entries[index].fd = interest.isEmpty ? ~descriptor : descriptor
    #endif
  }

  /// The meaning of a hang-up: on Linux, both directions are closed (poll(2)); on Darwin, the peer has sent everything,
  /// and may still wait for its response.
  private static var hangUp: Readiness {
    #if canImport(Darwin)
      [.readable, .peerFinished]
    #else
      .broken
    #endif
  }

  #if os(Linux)
    private static let end = socket_polling_end()
  #endif

  func removeListener(_ descriptor: Int32) {
    removeConnection(descriptor)
  }

  func wait(milliseconds: Int32, into events: inout [PollEvent]) throws(SystemError) {
    events.removeAll(keepingCapacity: true)
    let count = entries.withUnsafeMutableBufferPointer { entries in
      poll(entries.baseAddress, nfds_t(entries.count), milliseconds)
    }
    guard count >= 0 else {
      let error = Errno.last
      if error.isInterruption { return }
      throw error.during("poll")
    }
    guard count > 0 else { return }
    for (entry, token) in zip(entries, tokens) where entry.revents != 0 {
      var readiness: Readiness = []
      if entry.revents & Int16(POLLIN) != 0 { readiness.insert(.readable) }
      if entry.revents & Int16(POLLOUT) != 0 { readiness.insert(.writable) }
      #if os(Linux)
        if entry.revents & Self.end != 0 { readiness.insert(.peerFinished) }
      #endif
      if entry.revents & Int16(POLLHUP) != 0 { readiness.formUnion(Self.hangUp) }
      if entry.revents & Int16(POLLERR | POLLNVAL) != 0 { readiness.insert(.broken) }
      events.append(PollEvent(token: token, readiness: readiness))
    }
  }
}
