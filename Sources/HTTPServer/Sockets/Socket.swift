#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A connection's non-blocking socket.
struct Socket: ~Copyable {
  /// The result of a read or write.
  enum Transfer {
    case bytes(Int)
    /// The peer has sent everything.
    case end
    case wouldBlock
    case failed
  }

  let descriptor: Descriptor
  /// True if a read that returns less than requested has emptied the socket. It is so for TCP (epoll(7)), not for Unix
  /// sockets.
  let shortReadMeansEmpty: Bool

  var number: Int32 { descriptor.number }

  init(_ descriptor: consuming Descriptor, peer: PeerAddress) throws(SystemError) {
    if peer != .unix {
      // A response is sent in as few writes as possible, and the rest must not wait for the peer's acknowledgement.
      try descriptor.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }
    #if canImport(Darwin)
      try descriptor.setOption(SOL_SOCKET, SO_NOSIGPIPE, 1)
    #endif
    shortReadMeansEmpty = peer != .unix
    self.descriptor = descriptor
  }

  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Transfer {
    switch systemCall({ recv(number, buffer.baseAddress, buffer.count, 0) }) {
    case .success(0): .end
    case .success(let count): .bytes(count)
    case .failure(let error): error.wouldBlock ? .wouldBlock : .failed
    }
  }

  /// - Parameter hasMore: True if more follows at once, so that the kernel need not send a packet for this alone.
  func write(_ bytes: ArraySlice<UInt8>, hasMore: Bool) -> Transfer {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL) | (hasMore ? Int32(MSG_MORE) : 0)
    #endif
    return bytes.withUnsafeBytes { bytes in
      switch systemCall({ send(number, bytes.baseAddress, bytes.count, flags) }) {
      case .success(let count): .bytes(count)
      case .failure(let error): error.wouldBlock ? .wouldBlock : .failed
      }
    }
  }

  /// Notifies the peer that nothing more will come.
  func finishWriting() {
    // It fails if the peer is already gone, which is noticed elsewhere.
    _ = shutdown(number, Int32(SHUT_WR))
  }

  /// Makes closing reset the connection instead of ending it normally.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    // If it fails, the connection ends normally.
    _ = setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}
