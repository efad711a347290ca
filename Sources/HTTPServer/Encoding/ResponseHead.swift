internal import ByteCoding

/// The head of a response, as it is sent.
struct ResponseHead {
  /// The way in which the client finds the end of the body (RFC 9112 §6.3).
  enum Framing: Equatable {
    /// There is no body, and no field about one.
    case none
    case length(Int)
    case chunked
    /// The end of the connection, for HTTP/1.0.
    case close
  }

  let status: Int
  let headers: Headers
  let framing: Framing
  /// True if the connection stays open (RFC 9112 §9.3).
  let persists: Bool

  /// Appends the head to `output`.
  ///
  /// - Parameters:
  ///   - date: The line of `Date`.
  ///   - persistence: The fields of a connection that stays open.
  /// - Returns: False, with nothing appended, if a field would not be one field of the response: its name is not a
  ///   token, its value has a control character, or the status is outside 200…599.
  func append(to output: inout [UInt8], date: [UInt8], persistence: PersistenceFields) -> Bool {
    guard 200...599 ~= status, headers.canBeSent else { return false }
    StatusLine.append(status, to: &output)
    if headers.mayHaveServerFields {
      if !appendOthers(to: &output) { output.append(contentsOf: date) }
    } else {
      output.append(contentsOf: headers.bytes)
      output.append(contentsOf: date)
    }
    appendFraming(to: &output)
    if persists {
      output.append(contentsOf: persistence.lines)
    } else {
      // RFC 9112 §9.6.
      output.append(contentsOf: "Connection: close\r\n".utf8)
    }
    output.append(13)
    output.append(10)
    return true
  }

  /// Appends the fields that are not the server's own.
  ///
  /// - Returns: True if one of them is `Date`.
  private func appendOthers(to output: inout [UInt8]) -> Bool {
    var hasDate = false
    for (name, value) in headers {
      switch ServerField(name) {
      case .framing: continue
      case .date: hasDate = true
      case nil: break
      }
      output.append(contentsOf: name.utf8)
      output.append(contentsOf: ": ".utf8)
      output.append(contentsOf: value.utf8)
      output.append(13)
      output.append(10)
    }
    return hasDate
  }

  private func appendFraming(to output: inout [UInt8]) {
    switch framing {
    case .none, .close: break
    case .length(let length):
      output.append(contentsOf: "Content-Length: ".utf8)
      output.append(integer: Int64(length))
      output.append(13)
      output.append(10)
    case .chunked: output.append(contentsOf: "Transfer-Encoding: chunked\r\n".utf8)
    }
  }
}

/// The first line of a response (RFC 9112 §4).
enum StatusLine {
  /// Appends the line. The phrase is empty if the status has none of its own.
  static func append(_ status: Int, to output: inout [UInt8]) {
    output.append(contentsOf: lines[status - 200])
  }

  private static let lines: [[UInt8]] = (200...599).map { status in
    Array("HTTP/1.1 \(status) \(phrases[status] ?? "")\r\n".utf8)
  }

  /// RFC 9110 §15, and RFC 6585.
  private static let phrases: [Int: String] = [
    200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information", 204: "No Content",
    205: "Reset Content", 206: "Partial Content",
    300: "Multiple Choices", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
    414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    421: "Misdirected Request", 422: "Unprocessable Content", 426: "Upgrade Required", 428: "Precondition Required",
    429: "Too Many Requests", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 505: "HTTP Version Not Supported", 511: "Network Authentication Required",
  ]
}
