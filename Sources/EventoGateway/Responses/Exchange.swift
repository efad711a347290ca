internal import HTTPServer

/// A request and its answer, for the log and the metrics.
struct Exchange: Sendable {
  let requestID: String
  /// `nil` where there was none that could be read.
  let head: RequestHead?
  /// When the head had come; `nil` where the server itself has answered, and this is not known.
  let start: ContinuousClock.Instant?
  /// `nil` until it is found.
  var resource: Resource?
  /// Of whoever sent the request; `nil` where none is needed, or none has been found to be right.
  var token: TokenSet.Entry?
  /// Whether the request was held until there were events.
  var isHeld = false

  init(_ head: RequestHead) {
    requestID = RequestID.of(head.headers)
    self.head = head
    start = .now
  }

  /// One that the server itself has ended.
  init(_ request: RejectedRequest) {
    requestID = RequestID.of(request.fields)
    head = request.head
    start = request.duration.map { .now - $0 }
  }

  /// How long it has taken up to now.
  var duration: Duration? { start?.duration(to: .now) }

  func label(_ status: Int) -> Metrics.Label {
    guard let resource else { return Metrics.Label(route: "-", method: "-", status: status) }
    let template = resource.pattern.template
    let route = isHeld ? template + "?wait" : template
    return Metrics.Label(route: route, method: head?.method ?? "-", status: status)
  }
}
