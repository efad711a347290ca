/// A client that has something to take, and when it last took some.
struct SlowClient {
  let token: Token
  let lastProgress: Instant
}

extension EventLoop {
  /// Keeps what waits for all clients within its bound: past it, the client that has taken nothing for the longest time
  /// is cut off, until there is room.
  ///
  /// One answer may be a whole page, so that a bound for each connection does not bound them all.
  func boundOutput(after connection: Connection) {
    let count = connection.heldBytes
    waitingBytes += count - connection.countedBytes
    connection.countedBytes = count
    while waitingBytes > outputShare, let slowest = slowest(but: connection) {
      counters.countCutOff()
      slowest.mustReset = true
      slowest.close()
    }
  }

  /// The one whose answer has just been made has had no time to take it.
  ///
  /// - Complexity: amortized O(log *n*) in the number of connections: all are looked at when those that were found the
  ///   last time have all been cut off, or have taken something since.
  private func slowest(but connection: Connection) -> Connection? {
    if let next = nextSlowest(but: connection) { return next }
    // That one too: it is spared this time alone.
    slowClients = connections.all.filter { $0.countedBytes > 0 }
      .map { SlowClient(token: $0.token, lastProgress: $0.lastProgress) }
      .sorted { $0.lastProgress > $1.lastProgress }
    return nextSlowest(but: connection)
  }

  /// The first of those found earlier that has taken nothing since. No other client is slower: one that has taken
  /// something since, or that had nothing to take then, has made its progress later than each of them.
  private func nextSlowest(but connection: Connection) -> Connection? {
    var spared: SlowClient?
    defer { if let spared { slowClients.append(spared) } }
    while let client = slowClients.popLast() {
      guard let found = connections[client.token], found.countedBytes > 0, found.lastProgress == client.lastProgress
      else { continue }
      guard found === connection else { return found }
      spared = client
    }
    return nil
  }
}
