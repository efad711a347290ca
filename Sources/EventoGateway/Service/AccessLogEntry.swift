package import Evento

/// One request that is over, for the access log.
package struct AccessLogEntry: Sendable, Equatable {
  package let requestID: String
  /// The address of the client, as the trusted proxies report it.
  package let client: String
  /// The name of the client's token; `nil` without a valid one.
  package let token: String?
  /// `nil` if the request line could not be read, as the path is then.
  package let method: String?
  /// The path as received, without the query, which can have cursors and names.
  package let path: String?
  /// The route, as in the labels of `/metrics`; `nil` if none was found.
  package let route: String?
  /// `nil` if the client was gone before the response.
  package let status: Int?
  /// The code and the internal cause of the error.
  package let code: EventoError.Code?
  package let cause: String?
  /// `nil` if the head of the request could not be read.
  package let duration: Duration?
  package let requestBytes: Int
  package let responseBytes: Int
  /// True if the response is complete: the client was there until its end.
  package let isComplete: Bool
  /// The trace of the request's `traceparent`.
  package let traceID: String?
}
