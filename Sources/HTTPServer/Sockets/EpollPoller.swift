#if os(Linux)
  internal import CSocketPolling

  /// Uses epoll(7), edge-triggered for connections, so that one registration lasts for the whole life of a connection.
  final class EpollPoller: Poller {
    let needsInterest = false
    private let descriptor: Descriptor
    private var found = [socket_polling_event](repeating: socket_polling_event(), count: 256)

    init() throws(SystemError) {
      descriptor = Descriptor(try systemCall { socket_polling_create() }.orThrow("epoll_create"))
    }

    func addConnection(_ descriptor: Int32, token: UInt64) throws(SystemError) {
      _ = try systemCall {
        socket_polling_add_connection(self.descriptor.number, descriptor, token)
      }.orThrow("epoll_ctl")
    }

    func addListener(_ descriptor: Int32, token: UInt64) throws(SystemError) {
      _ = try systemCall {
        socket_polling_add_listener(self.descriptor.number, descriptor, token)
      }.orThrow("epoll_ctl")
    }

    /// Closing its only descriptor removes a connection from the set (epoll(7), question 6).
    func removeConnection(_ descriptor: Int32) {}

    func removeListener(_ descriptor: Int32) {
      // It fails if the descriptor is not in the set, which is the wanted state.
      _ = socket_polling_remove(self.descriptor.number, descriptor)
    }

    func setInterest(_ interest: Interest, of descriptor: Int32) {}

    func wait(milliseconds: Int32, into events: inout [PollEvent]) throws(SystemError) {
      events.removeAll(keepingCapacity: true)
      let count = found.withUnsafeMutableBufferPointer { found in
        socket_polling_wait(descriptor.number, found.baseAddress, Int32(found.count), milliseconds)
      }
      guard count >= 0 else {
        let error = Errno.last
        if error.isInterruption { return }
        throw error.during("epoll_wait")
      }
      for index in 0..<Int(count) {
        events.append(PollEvent(token: found[index].token, readiness: Readiness(rawValue: found[index].flags)))
      }
    }
  }
#endif
