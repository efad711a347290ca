#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// poll(2), for systems without epoll. As fast while connections are busy; each wait costs in proportion to all of
/// them.
final class PollPoller: Poller {
  let needsInterest = true
  private var entries: [pollfd] = []
  private var tokens: [UInt64] = []
  private var places: [Int32: Int] = [:]

  func addConnection(_ descriptor: Int32, token: UInt64) throws(SystemError) {
    add(descriptor, token, Int16(POLLIN))
  }

  func addListener(_ descriptor: Int32, token: UInt64) throws(SystemError) {
    add(descriptor, token, Int16(POLLIN))
  }

  private func add(_ descriptor: Int32, _ token: UInt64, _ events: Int16) {
    places[descriptor] = entries.count
    entries.append(pollfd(fd: descriptor, events: events, revents: 0))
    tokens.append(token)
  }

  func removeConnection(_ descriptor: Int32) {
    guard let place = places.removeValue(forKey: descriptor) else { return }
    let last = entries.count - 1
    if place != last {
      entries[place] = entries[last]
      tokens[place] = tokens[last]
      places[entries[place].fd] = place
    }
    entries.removeLast()
    tokens.removeLast()
  }

  func setInterest(_ interest: Interest, of descriptor: Int32) {
    guard let place = places[descriptor] else { return }
    var events: Int16 = 0
    if interest.contains(.reading) { events |= Int16(POLLIN) }
    if interest.contains(.writing) { events |= Int16(POLLOUT) }
    entries[place].events = events
  }

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
      if entry.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { readiness.insert(.broken) }
      events.append(PollEvent(token: token, readiness: readiness))
    }
  }
}
