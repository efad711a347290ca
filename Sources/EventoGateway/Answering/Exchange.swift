internal import HTTPServer

/// A request and its answer, for the log and the metrics.
struct Exchange: Sendable {
  let requestID: String
  /// `nil` where there was none that could be read.
  let head: RequestHead?
  let start = ContinuousClock.now
  /// `nil` until it is found.
  var resource: Resource?
  /// Whether the request was held until there were events.
  var isHeld = false

  init(_ head: RequestHead?) {
    requestID = RequestID.of(head)
    self.head = head
  }

  func label(_ status: Int) -> Metrics.Label {
    guard let resource else { return Metrics.Label(route: "-", method: "-", status: status) }
    let route = resource.pattern.template + (isHeld ? "?wait" : "")
    return Metrics.Label(route: route, method: head?.method ?? "-", status: status)
  }
}
