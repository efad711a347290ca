internal import CCurl

/// The operations of streams: pause and resume, end stalled ones, and end some in favour of others.
extension TransferLoop {
  /// Resumes the streams whose readers have made room.
  func resumePaused() {
    for handle in Array(busy.values) where handle.isPaused && handle.entry?.transfer.pipe?.hasRoom ?? false {
      let code = handle.resume()
      if code != CURLE_OK { finish(handle, handle.outcome(of: code)) }
    }
  }

  func mindStreams(_ streaming: TransferOptions.Streaming) {
    let now = ContinuousClock.now
    if let check = nextStallCheck, check <= now { dropStalled(streaming, now) }
    if let change = nextChangeOfTurns, change <= now { changeTurns(streaming, now) }
  }

  /// Ends stalled streams. libcurl can do this (CURLOPT_LOW_SPEED_TIME), but by an average over some seconds, in which
  /// a heartbeat is next to nothing.
  private func dropStalled(_ streaming: TransferOptions.Streaming, _ now: ContinuousClock.Instant) {
    var oldestSign: ContinuousClock.Instant?
    for handle in Array(busy.values) {
      // A paused stream waits for its reader, not for the gateway.
      let lastSign = handle.isPaused ? now : handle.lastSign
      if lastSign + streaming.stallTimeout <= now {
        finish(handle, .failure(.stalled(streaming.stallTimeout)))
      } else {
        oldestSign = min(oldestSign ?? lastSign, lastSign)
      }
    }
    nextStallCheck = oldestSign.map { $0 + streaming.stallTimeout }
  }

  /// The time when the oldest stream's turn is over, if others wait for a connection.
  var nextChangeOfTurns: ContinuousClock.Instant? {
    guard let streaming = options.streaming, !waiting.isEmpty, busy.count >= options.connections else { return nil }
    return busy.values.lazy.map(\.begin).min().map { $0 + streaming.turn }
  }

  /// Ends the streams whose turn is over, the oldest first, as many as there are waiting ones: they continue from their
  /// last event in their next turn. Streams don't end by themselves, so others would wait forever.
  private func changeTurns(_ streaming: TransferOptions.Streaming, _ now: ContinuousClock.Instant) {
    let over = busy.values.filter { $0.begin + streaming.turn <= now }.sorted { $0.begin < $1.begin }
    for handle in over.prefix(waiting.count) { finish(handle, .failure(.gaveWay)) }
  }
}
