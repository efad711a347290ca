/// Reporting the ends of requests to a handler that observes them.
extension Connection {
  /// Reports that the request in progress is over, if there is one.
  func endRequest(isComplete: Bool) {
    guard let record = record.take() else { return }
    loop.handler.ended(
      EndedRequest(
        head: record.head, method: record.head.method, path: record.head.path, fields: record.head.headers, peer: peer,
        status: record.status,
        requestBytes: machine.bodyBytes, responseBytes: record.responseBytes, duration: record.start.duration(to: .now),
        isComplete: isComplete, note: record.note))
  }

  /// Reports that a request was rejected with a response.
  ///
  /// - Parameter head: `nil` if the error is in the head itself.
  func endRejected(_ response: Response, head: RequestHead?) {
    guard loop.observesEnds else { return }
    let start = record.take()?.start
    let hasBody = Self.hasBody(response.status, method: head?.method ?? parser.method)
    let bytes = if case .bytes(let bytes) = response.body, hasBody { bytes.count } else { 0 }
    loop.handler.ended(
      EndedRequest(
        head: head, method: head?.method ?? parser.method, path: head?.path ?? parser.path,
        fields: head?.headers ?? parser.headers, peer: peer, status: response.status,
        requestBytes: start == nil ? 0 : machine.bodyBytes, responseBytes: bytes,
        duration: start.map { $0.duration(to: .now) }, isComplete: true, note: response.note))
  }
}

extension MonotonicTime {
  fileprivate func duration(to later: MonotonicTime) -> Duration {
    .nanoseconds(span(to: later).nanoseconds)
  }
}
