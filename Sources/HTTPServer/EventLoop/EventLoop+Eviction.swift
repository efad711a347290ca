/// A client with output to read, and the time when it last read some.
struct SlowClient {
  let token: Token
  let lastProgress: MonotonicTime
}

extension EventLoop {
  /// Keeps the output of all clients within its limit: above it, the client that has read nothing for the longest time
  /// is evicted, until the output is within the limit.
  ///
  /// One response can be a whole page, so a limit for each connection does not limit them all.
  func evictSlowClients(after connection: Connection) {
    let count = connection.allocatedBytes
    waitingBytes += count - connection.countedBytes
    connection.countedBytes = count
    while waitingBytes > outputShare, let slowest = slowest(but: connection) {
      limits.countEviction()
      slowest.close(reset: true)
    }
  }

  /// Returns the slowest client except that of the given connection, which has had no time to read its new response.
  ///
  /// - Complexity: Amortized O(log *n*) in the number of connections: all are examined when those that were found the
  ///   last time have all been evicted, or have read something since.
  private func slowest(but connection: Connection) -> Connection? {
    if let next = nextSlowest(but: connection) { return next }
    // Including the given one: it is spared only this time.
    slowClients = connections.all.filter { $0.countedBytes > 0 }
      .map { SlowClient(token: $0.token, lastProgress: $0.machine.lastProgress) }
      .sorted { $0.lastProgress > $1.lastProgress }
    return nextSlowest(but: connection)
  }

  /// Returns the first of those found earlier that has read nothing since. No other client is slower: one that has read
  /// something since, or that had nothing to read then, has made progress later than each of them.
  private func nextSlowest(but connection: Connection) -> Connection? {
    var spared: SlowClient?
    defer { if let spared { slowClients.append(spared) } }
    while let client = slowClients.popLast() {
      guard let found = connections[client.token], found.countedBytes > 0,
        found.machine.lastProgress == client.lastProgress
      else { continue }
      guard found === connection else { return found }
      spared = client
    }
    return nil
  }
}
