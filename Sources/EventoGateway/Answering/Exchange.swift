internal import HTTPServer

/// A request and its answer, for the log and the metrics.
struct Exchange: Sendable {
  let requestID: String
  /// `nil` where there was none that could be read.
  let head: RequestHead?
  /// Those of a head that could be read in part.
  private let strayFields: Headers
  /// When the head had come; `nil` where the server itself has answered, and this is not known.
  let start: ContinuousClock.Instant?
  /// `nil` until it is found.
  var resource: Resource?
  /// Of whoever sent the request; `nil` where none is needed, or none has been found to be right.
  var token: TokenSet.Entry?
  /// Whether the request was held until there were events.
  var isHeld = false

  /// - Parameter fields: what could be read where there is no head.
  init(_ head: RequestHead?, fields: Headers = Headers(), start: ContinuousClock.Instant? = .now) {
    self.head = head
    strayFields = head == nil ? fields : Headers()
    requestID = RequestID.of(head?.headers ?? fields)
    self.start = start
  }

  var fields: Headers { head?.headers ?? strayFields }

  /// How long it has taken up to now.
  var duration: Duration? { start?.duration(to: .now) }

  func label(_ status: Int) -> Metrics.Label {
    guard let resource else { return Metrics.Label(route: "-", method: "-", status: status) }
    let template = resource.pattern.template
    let route = isHeld ? template + "?wait" : template
    return Metrics.Label(route: route, method: head?.method ?? "-", status: status)
  }
}
