internal import CCurl

/// What streams need beside calls: to be paused and resumed, and given up when nothing comes.
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
}
