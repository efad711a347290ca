internal import HTTPServer

/// A request and its answer, for the log and the metrics.
struct Exchange: Sendable {
  let requestID: String
  /// `nil` where there was none that could be read.
  let head: RequestHead?
  /// Those of a head that could be read in part.
  private let strayFields: Headers
  let start = ContinuousClock.now
  /// `nil` until it is found.
  var resource: Resource?

  /// - Parameter fields: what could be read where there is no head.
  init(_ head: RequestHead?, fields: Headers = Headers()) {
    self.head = head
    strayFields = head == nil ? fields : Headers()
    requestID = RequestID.of(head?.headers ?? fields)
  }

  var fields: Headers { head?.headers ?? strayFields }

  func label(_ status: Int) -> Metrics.Label {
    guard let resource else { return Metrics.Label(route: "-", method: "-", status: status) }
    return Metrics.Label(route: resource.pattern.template, method: head?.method ?? "-", status: status)
  }
}
