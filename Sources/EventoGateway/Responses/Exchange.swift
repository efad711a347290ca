internal import HTTPServer

/// A request and its response, for the log and the metrics.
struct Exchange: Sendable {
  let requestID: String
  /// The head of the request; `nil` if it could not be read.
  let head: RequestHead?
  /// The time when the head was complete; `nil` if the server itself has responded, and the time is not known.
  let start: ContinuousClock.Instant?
  /// True if the server itself has responded, whatever the gateway knew of the request.
  let isRejected: Bool
  /// `nil` until it is found.
  var route: Route?
  /// The client's token; `nil` if none is required, or none is valid.
  var token: TokenSet.Entry?
  /// True if the request has waited for events.
  var hasWaited = false
  /// True if the response depends on `Accept-Encoding`.
  var dependsOnEncoding = false

  init(_ head: RequestHead) {
    requestID = RequestID.of(head.headers)
    self.head = head
    start = .now
    isRejected = false
  }

  /// Creates the exchange of a request that the server itself has ended.
  init(_ request: RejectedRequest) {
    requestID = RequestID.of(request.fields)
    head = request.head
    start = request.duration.map { .now - $0 }
    isRejected = true
  }

  /// The time since the start.
  var duration: Duration? { start?.duration(to: .now) }

  /// The route in metrics and logs; `nil` until it is found.
  var routeLabel: String? {
    guard let template = route?.pattern.template else { return nil }
    return hasWaited ? template + "?wait" : template
  }

  func label(_ status: Int) -> Metrics.Label {
    guard let routeLabel else { return Metrics.Label(route: "-", method: "-", status: status) }
    return Metrics.Label(route: routeLabel, method: head?.method ?? "-", status: status)
  }
}
