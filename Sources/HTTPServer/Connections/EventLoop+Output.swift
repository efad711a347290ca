extension EventLoop {
  /// Keeps what waits for all clients within its bound: past it, the client that has taken nothing for the longest time
  /// is cut off, until there is room.
  ///
  /// One answer may be a whole page, so that a bound for each connection does not bound them all.
  func boundOutput(after connection: Connection) {
    waitingBytes += connection.output.count - connection.countedOutput
    connection.countedOutput = connection.output.count
    while waitingBytes > outputShare, let slowest = slowest(but: connection) {
      counters.countCutOff()
      slowest.mustReset = true
      slowest.close()
    }
  }

  /// The one whose answer has just been made has had no time to take it.
  private func slowest(but connection: Connection) -> Connection? {
    connections.all.filter { $0.countedOutput > 0 && $0 !== connection }.min { $0.lastProgress < $1.lastProgress }
  }
}
